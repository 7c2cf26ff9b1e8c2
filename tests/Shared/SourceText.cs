using System.Text;

namespace Vfio.Tests;

/// <summary>
/// Reads a C# file without its comments and without the text of its strings; the code in interpolated strings is kept.
/// </summary>
internal sealed class SourceText
{
    private readonly string _text;
    private readonly StringBuilder _code = new();
    private int _at;

    private SourceText(string text) => _text = text;

    public static string CodeOf(string text)
    {
        SourceText source = new(text);
        source.Code(holeBraces: 0);
        return source._code.ToString();
    }

    private bool Looking(string what) => _text.AsSpan(_at).StartsWith(what, StringComparison.Ordinal);

    // Reads to the end of the text or, in an interpolation, to its closing braces.
    private void Code(int holeBraces)
    {
        int depth = 0;
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (holeBraces != 0 && depth == 0 && (c == '}' || (c == ':' && !Looking("::"))))
            {
                return;
            }

            if (Looking("//"))
            {
                SkipTo("\n");
            }
            else if (Looking("/*"))
            {
                SkipTo("*/");
                _at = int.Min(_text.Length, _at + 2);
            }
            else if (c == '\'')
            {
                Character();
            }
            else if (c is '"' or '$' or '@' && String())
            {
                _code.Append("\"\"");
            }
            else
            {
                depth += c is '{' or '(' or '[' ? 1 : c is '}' or ')' or ']' ? -1 : 0;
                _code.Append(c);
                _at++;
            }
        }
    }

    private void SkipTo(string end)
    {
        int found = _text.IndexOf(end, _at, StringComparison.Ordinal);
        _at = found < 0 ? _text.Length : found;
    }

    private void Character()
    {
        _code.Append("''");
        _at += _text[_at + 1] == '\\' ? 3 : 2;
        SkipTo("'");
        _at++;
    }

    private bool String()
    {
        int dollars = 0;
        bool verbatim = false;
        int start = _at;
        for (; start < _text.Length && _text[start] is '$' or '@'; start++)
        {
            dollars += _text[start] == '$' ? 1 : 0;
            verbatim |= _text[start] == '@';
        }

        if (start >= _text.Length || _text[start] != '"')
        {
            return false;
        }

        int quotes = 0;
        while (start + quotes < _text.Length && _text[start + quotes] == '"')
        {
            quotes++;
        }

        bool raw = quotes >= 3;
        _at = start + (raw ? quotes : 1);
        string end = raw ? new string('"', quotes) : "\"";
        while (_at < _text.Length && !(Looking(end) && !(verbatim && Looking("\"\""))))
        {
            if (verbatim && Looking("\"\""))
            {
                _at += 2;
            }
            else if (!raw && !verbatim && _text[_at] == '\\')
            {
                _at += 2;
            }
            else if (dollars != 0 && _text[_at] == '{')
            {
                Hole(raw ? dollars : 1, isEscapable: !raw);
            }
            else
            {
                _at++;
            }
        }

        _at = int.Min(_text.Length, _at + end.Length);
        return true;
    }

    private void Hole(int braces, bool isEscapable)
    {
        if (isEscapable && Looking("{{"))
        {
            _at += 2;
            return;
        }

        string open = new('{', braces);
        if (!Looking(open))
        {
            _at++;
            return;
        }

        _at += braces;
        _code.Append(' ');
        Code(braces);
        SkipTo(new string('}', braces)); // skips the format, if there is one
        _at += braces;
        _code.Append(' ');
    }
}
