namespace Vfio.Cli;

/// <summary>A piece of text that is not broken.</summary>
/// <param name="Text">Clean text.</param>
/// <param name="IsWord">Whether it is one word, so that a space tells it from the next; else a comma does.</param>
internal readonly record struct TextItem(string Text, bool IsWord)
{
    /// <summary>Its colour.</summary>
    public Func<string, string>? Paint { get; init; }
}

/// <summary>Writes pieces one after the other, in lines as wide as the terminal, indented from the second on.</summary>
internal static class ItemText
{
    private const int LeastColumns = 16;
    private const int NarrowIndent = 4;

    /// <summary>Writes the pieces.</summary>
    /// <param name="host">Where to.</param>
    /// <param name="start">What the first line begins with.</param>
    /// <param name="indent">Where the lines after it begin; the width of <paramref name="start"/> where that is aligned.</param>
    /// <param name="items">The pieces.</param>
    public static void Write(CliHost host, string start, int indent, IEnumerable<TextItem> items)
    {
        int limit = host.Terminal.Width ?? int.MaxValue;
        TextItem[] all = [.. items];
        bool isEmpty = true;
        if (limit - indent < LeastColumns)
        {
            // Too narrow to stand beside: below, then.
            host.Out.WriteLine(Printable.Shorten(start.TrimEnd(), limit));
            indent = NarrowIndent;
            start = new string(' ', indent);
        }

        int used = Printable.Width(start);
        host.Out.Write(all.Length == 0 ? start.TrimEnd() : start);
        for (int i = 0; i < all.Length; i++)
        {
            bool isList = i + 1 < all.Length && !(all[i].IsWord && all[i + 1].IsWord);
            // What is wider than a line cannot be helped but by cutting it.
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
