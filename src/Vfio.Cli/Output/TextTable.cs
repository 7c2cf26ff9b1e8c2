namespace Vfio.Cli;

/// <summary>A column of a <see cref="TextTable"/>.</summary>
/// <param name="Header">Its name, in capitals.</param>
/// <param name="MinWidth">How narrow it may become where the line is too long; <see langword="null"/> for not at all.</param>
/// <param name="RightAligned">Whether it holds numbers.</param>
internal sealed record TextColumn(string Header, int? MinWidth = null, bool RightAligned = false);

/// <summary>
/// Columns without borders, one row a line, so that grep and awk read it as well as a person. Where the terminal limits the
/// line, columns that may give way do, the last one first.
/// </summary>
/// <remarks>Its own and not a console library's: the list of devices is the command that starts most often, and a library for
/// drawing costs more memory and start-up than the command itself.</remarks>
internal sealed class TextTable(Terminal terminal, params TextColumn[] columns)
{
    private const int RoomyWidth = 100;
    private const int RemarkIndent = 2;

    private readonly List<string[]> _rows = [];

    /// <summary>Chooses the colour of a cell from its column and text; the text comes back with its colour.</summary>
    public Func<int, string, string>? Paint { get; init; }

    /// <summary>Whether the last column holds remarks, which move to a line of their own where they do not fit.</summary>
    public bool EndsWithRemarks { get; init; }

    /// <summary>Adds a row: a text for each column, in any state of cleanliness.</summary>
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

            // Padding is written when something follows: lines end where their text ends.
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
