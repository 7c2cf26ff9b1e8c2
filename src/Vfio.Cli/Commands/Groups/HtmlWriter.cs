using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Writes elements, attributes and text as HTML that is also well-formed XML. Text and attribute values are escaped
/// only here.
/// </summary>
internal sealed class HtmlWriter(TextWriter output)
{
    private readonly Stack<string> _open = [];
    private bool _inTag;

    /// <summary>Opens an element.</summary>
    /// <param name="element">The element.</param>
    /// <param name="classes">Its CSS classes, separated by spaces.</param>
    public HtmlWriter Start(string element, string? classes = null)
    {
        CloseTag();
        output.Write($"<{element}");
        _open.Push(element);
        _inTag = true;
        return string.IsNullOrEmpty(classes) ? this : With("class", classes);
    }

    /// <summary>Adds an attribute to the element that was opened last.</summary>
    public HtmlWriter With(string attribute, string value)
    {
        output.Write($" {attribute}=\"{Escape(value)}\"");
        return this;
    }

    public HtmlWriter Text(string text)
    {
        CloseTag();
        output.Write(Escape(text));
        return this;
    }

    /// <summary>Writes text without escaping it, such as a stylesheet of the tool itself.</summary>
    public HtmlWriter Raw(string text)
    {
        CloseTag();
        output.Write(text);
        return this;
    }

    /// <summary>Closes the element that was opened last.</summary>
    public HtmlWriter End(bool newLine = true)
    {
        CloseTag();
        output.Write(newLine ? $"</{_open.Pop()}>\n" : $"</{_open.Pop()}>");
        return this;
    }

    /// <summary>Closes several elements.</summary>
    public HtmlWriter End(int count)
    {
        for (int i = 0; i < count; i++)
        {
            End();
        }

        return this;
    }

    /// <summary>Writes an element that contains only text.</summary>
    public HtmlWriter Element(string element, string text, string? classes = null) =>
        Start(element, classes).Text(text).End(newLine: false);

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
                // Control characters, or characters that XML 1.0 (section 2.2) does not allow.
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
