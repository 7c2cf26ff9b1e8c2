using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Writes elements, attributes and text that are well-formed as XML and as HTML alike. All that a picture needs: the framework's writer
/// would be a large part of the tool.
/// </summary>
internal sealed class MarkupWriter(TextWriter output)
{
    private readonly Stack<string> _open = [];
    private bool _inTag;

    public MarkupWriter Start(string element)
    {
        CloseTag();
        output.Write($"<{element}");
        _open.Push(element);
        _inTag = true;
        return this;
    }

    public MarkupWriter With(string attribute, string value)
    {
        output.Write($" {attribute}=\"{Escape(value)}\"");
        return this;
    }

    public MarkupWriter With(string attribute, double value) => With(attribute, SvgNumber.Of(value));

    public MarkupWriter Text(string text)
    {
        CloseTag();
        output.Write(Escape(text));
        return this;
    }

    /// <summary>Our own text, such as CSS, that has nothing to escape in it.</summary>
    public MarkupWriter Raw(string text)
    {
        CloseTag();
        output.Write(text);
        return this;
    }

    public MarkupWriter End(bool newLine = true)
    {
        string element = _open.Pop();
        if (_inTag && IsSvgShape(element))
        {
            output.Write("/>");
            _inTag = false;
        }
        else
        {
            CloseTag();
            output.Write($"</{element}>");
        }

        if (newLine)
        {
            output.Write('\n');
        }

        return this;
    }

    /// <summary>An element with nothing but text in it.</summary>
    public MarkupWriter Element(string element, string text) => Start(element).Text(text).End();

    // HTML knows the short form for SVG's elements only.
    private static bool IsSvgShape(string element) => element is "rect" or "path";

    private static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '<': escaped.Append("&lt;"); break;
                case '>': escaped.Append("&gt;"); break;
                case '&': escaped.Append("&amp;"); break;
                case '"': escaped.Append("&quot;"); break;
                case '\n': escaped.Append('\n'); break;
                // What XML 1.0 has no place for (section 2.2), and what would steer instead of being shown.
                case < ' ' or (>= 0x7f and < 0xa0) or 0xfffe or 0xffff: escaped.Append('?'); break;
                default: escaped.Append(rune.ToString()); break;
            }
        }

        return escaped.ToString();
    }

    private void CloseTag()
    {
        if (_inTag)
        {
            output.Write('>');
            _inTag = false;
        }
    }
}
