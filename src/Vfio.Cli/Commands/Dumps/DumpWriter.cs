using System.Globalization;
using System.Text;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Writes a dump as text: two header lines, rows in the format of <c>lspci -xxxx</c>, and an end line.
/// </summary>
internal static class DumpWriter
{
    /// <summary>The line that stands for one or more rows that equal the previous one.</summary>
    public const string Repeated = "*";

    /// <summary>The text that stands for a byte that was not read.</summary>
    public const string Unread = "--";

    public static void Write(TextWriter output, DumpHeader header, IEnumerable<DumpRow> rows)
    {
        output.WriteLine(header.FirstLine());
        output.WriteLine(header.SecondLine());
        WriteRows(output, rows, mayRepeat: header.Region != RegionIndex.Config);
        output.WriteLine(DumpHeader.End);
    }

    /// <param name="output">The writer.</param>
    /// <param name="rows">The rows, in ascending order and without gaps.</param>
    /// <param name="mayRepeat">Whether equal rows are written as one line; not for configuration space, because lspci
    /// reads its dumps.</param>
    private static void WriteRows(TextWriter output, IEnumerable<DumpRow> rows, bool mayRepeat)
    {
        DumpRow? last = null;
        bool isRepeating = false;
        foreach (DumpRow row in rows)
        {
            if (mayRepeat && last is DumpRow before && row.HasSameContent(before))
            {
                if (!isRepeating)
                {
                    output.WriteLine(Repeated);
                }

                isRepeating = true;
                continue;
            }

            output.WriteLine(Format(row));
            last = row;
            isRepeating = false;
        }
    }

    private static string Format(DumpRow row)
    {
        StringBuilder line = new(row.Offset.ToString("x2", CultureInfo.InvariantCulture));
        line.Append(':');
        for (int i = 0; i < row.Length; i++)
        {
            line.Append(' ');
            _ = row.IsKnown(i, 1)
                ? line.Append(CultureInfo.InvariantCulture, $"{row.Number(i, 1):x2}")
                : line.Append(Unread);
        }

        return line.ToString();
    }
}
