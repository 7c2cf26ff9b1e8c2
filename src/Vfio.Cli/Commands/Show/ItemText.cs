namespace Vfio.Cli;

/// <summary>Represents a piece of text that is not broken across lines.</summary>
/// <param name="Text">The text, sanitized.</param>
/// <param name="IsWord">Whether it is one word. A space separates two words; a comma separates other pieces.</param>
internal readonly record struct TextItem(string Text, bool IsWord)
{
    /// <summary>Gets the function that adds colour to the text; <see langword="null"/> for none.</summary>
    public Func<string, string>? Paint { get; init; }
}

/// <summary>Writes pieces of text in lines that fit the terminal; all lines but the first are indented.</summary>
internal static class ItemText
{
    private const int LeastColumns = 16;
    private const int NarrowIndent = 4;

    /// <summary>Writes the pieces.</summary>
    /// <param name="host">The host, which has the output.</param>
    /// <param name="start">The beginning of the first line.</param>
    /// <param name="indent">The indentation of the other lines; the width of <paramref name="start"/> if they are
    /// aligned with it.</param>
    /// <param name="items">The pieces.</param>
    public static void Write(CliHost host, string start, int indent, IEnumerable<TextItem> items)
    {
        int limit = host.Terminal.Width ?? int.MaxValue;
        TextItem[] all = [.. items];
        bool isEmpty = true;
        if (limit - indent < LeastColumns)
        {
            // The terminal is too narrow for two columns: the pieces go below the start.
            host.Out.WriteLine(Printable.Shorten(start.TrimEnd(), limit));
            indent = NarrowIndent;
            start = new string(' ', indent);
        }

        int used = Printable.Width(start);
        host.Out.Write(all.Length == 0 ? start.TrimEnd() : start);
        for (int i = 0; i < all.Length; i++)
        {
            bool isList = i + 1 < all.Length && !(all[i].IsWord && all[i + 1].IsWord);
            // A piece that is wider than a line is shortened.
            string text = Printable.Shorten(all[i].Text, limit - indent - 1);
            int width = Printable.Width(text) + (isList ? 1 : 0);
            if (!isEmpty && used + 1 + width > limit)
            {
                host.Out.WriteLine();
                host.Out.Write(new string(' ', indent));
                used = indent;
                isEmpty = true;
            }

            if (!isEmpty)
            {
                host.Out.Write(' ');
                used++;
            }

            host.Out.Write(all[i].Paint is Func<string, string> paint ? paint(text) : text);
            host.Out.Write(isList ? "," : "");
            used += width;
            isEmpty = false;
        }

        host.Out.WriteLine();
    }
}
