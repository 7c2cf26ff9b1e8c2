namespace Vfio.Cli;

/// <summary>Represents a column of a <see cref="TextTable"/>.</summary>
/// <param name="Header">The title, in capitals.</param>
/// <param name="MinWidth">The minimum width if the line is too long; <see langword="null"/> if the column must not
/// shrink.</param>
/// <param name="RightAligned">Whether to align it to the right, as for numbers.</param>
internal sealed record TextColumn(string Header, int? MinWidth = null, bool RightAligned = false);

/// <summary>
/// Writes columns without borders, one row per line, so that grep and awk can read the table as well as a person. If
/// the terminal is too narrow, columns that may shrink do so, the last one first.
/// </summary>
/// <remarks>
/// A console library is not used, because a drawing library would cost more memory and start-up time than the command
/// itself, and the list of devices is the command that is run most often.
/// </remarks>
internal sealed class TextTable(Terminal terminal, params TextColumn[] columns)
{
    private const int RoomyWidth = 100;
    private const int RemarkIndent = 2;

    private readonly List<string[]> _rows = [];

    /// <summary>Gets the function that adds colour to a cell, from its column and text.</summary>
    public Func<int, string, string>? Paint { get; init; }

    /// <summary>
    /// Gets whether the last column contains remarks, which move to their own line if they do not fit.
    /// </summary>
    public bool EndsWithRemarks { get; init; }

    /// <summary>Adds a row with a text for each column; the texts are sanitized.</summary>
    public void Add(params string[] cells) => _rows.Add(Array.ConvertAll(cells, Printable.Clean));

    public void Write(TextWriter writer)
    {
        int gap = terminal.Width is null or >= RoomyWidth ? 2 : 1;
        int[] widths = ComputeWidths(gap);
        string[] headers = Array.ConvertAll(columns, column => column.Header);
        WriteRow(writer, headers, widths, gap, (_, text) => terminal.Bold(text));
        foreach (string[] row in _rows)
        {
            WriteRow(writer, row, widths, gap, Paint ?? ((_, text) => text));
        }
    }

    private int[] ComputeWidths(int gap)
    {
        int[] widths = Array.ConvertAll(columns, column => Printable.Width(column.Header));
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < widths.Length; i++)
            {
                widths[i] = Math.Max(widths[i], Printable.Width(row[i]));
            }
        }

        int remarks = EndsWithRemarks ? widths[^1] - Printable.Width(columns[^1].Header) : 0;
        int excess = terminal.Width is int limit ? widths.Sum() - remarks + (gap * (widths.Length - 1)) - limit : 0;
        for (int i = widths.Length - 1; i >= 0 && excess > 0; i--)
        {
            int given = Math.Clamp(widths[i] - (columns[i].MinWidth ?? widths[i]), 0, excess);
            widths[i] -= given;
            excess -= given;
        }

        return widths;
    }

    private void WriteRow(TextWriter writer, string[] cells, int[] widths, int gap, Func<int, string, string> paint)
    {
        int limit = terminal.Width ?? int.MaxValue;
        int used = 0;
        int pending = 0;
        for (int i = 0; i < cells.Length && used + pending < limit; i++)
        {
            int left = limit - used - pending;
            if (EndsWithRemarks && i == cells.Length - 1 && Printable.Width(cells[i]) > left)
            {
                WriteRemarks(writer, cells[i], limit);
                return;
            }

            // Padding is written only when text follows, so lines have no trailing spaces.
            string text = Printable.Shorten(cells[i], Math.Min(widths[i], left));
            int padding = widths[i] - Printable.Width(text);
            int before = columns[i].RightAligned ? Math.Min(padding, left - Printable.Width(text)) : 0;
            if (text.Length != 0)
            {
                writer.Write(new string(' ', pending + before));
                writer.Write(paint(i, text));
                used += pending + before + Printable.Width(text);
                pending = padding - before + gap;
            }
            else
            {
                pending += widths[i] + gap;
            }
        }

        writer.WriteLine();
    }

    private static void WriteRemarks(TextWriter writer, string remarks, int limit)
    {
        foreach (string line in Printable.Wrap(remarks, limit - RemarkIndent))
        {
            writer.WriteLine();
            writer.Write(new string(' ', RemarkIndent));
            writer.Write(Printable.Shorten(line, limit - RemarkIndent));
        }

        writer.WriteLine();
    }
}
