using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Formats registers as lspci does: <c>ExtTag+ RBE-</c>, <c>MaxPayload 128 bytes</c>.</summary>
internal static class RegisterText
{
    private const int MostLabelColumns = 16;

    /// <summary>Formats one field: its name with + or -, or its name and value.</summary>
    public static string Describe(RegisterField field, ulong raw) =>
        field.IsFlag ? field.Name + field.Describe(raw) : $"{field.Name} {field.Describe(raw)}";

    /// <summary>Formats a value with all digits of its width.</summary>
    public static string Raw(RegisterReading reading) => RegisterWidth.Format(reading.Raw, reading.Register.Width * 8);

    /// <summary>Computes the width of the column of names.</summary>
    public static int LabelColumns(IEnumerable<RegisterReading> readings) => Math.Min(
        MostLabelColumns, readings.Where(reading => reading.Register.Fields.Count != 0)
            .Select(reading => reading.Register.Name.Length)
            .DefaultIfEmpty()
            .Max());

    /// <summary>Writes registers. Each one with fields gets its own line; those without fields share lines.</summary>
    /// <param name="host">The host, which has the output.</param>
    /// <param name="readings">The registers.</param>
    /// <param name="indent">The indentation of each line.</param>
    /// <param name="isVerbose">Whether each register gets a line with its place, value and meaning.</param>
    public static void Write(CliHost host, IReadOnlyList<RegisterReading> readings, int indent, bool isVerbose)
    {
        int label = LabelColumns(readings);
        List<TextItem> plain = [];
        foreach (RegisterReading reading in readings)
        {
            if (isVerbose)
            {
                WriteVerbose(host, reading, indent);
            }
            else if (reading.Register.Fields.Count == 0)
            {
                plain.Add(new TextItem($"{Printable.Clean(reading.Register.Name)} {Raw(reading)}", IsWord: false));
            }
            else
            {
                WritePlain(host, plain, indent);
                string name = Printable.Clean(reading.Register.Name).PadRight(label);
                ItemText.Write(
                    host, new string(' ', indent) + name + " ", indent + label + 1, Items(reading, host.Terminal));
            }
        }

        WritePlain(host, plain, indent);
    }

    /// <summary>Returns the fields as pieces of a line.</summary>
    public static IEnumerable<TextItem> Items(RegisterReading reading, Terminal terminal) =>
        reading.Register.Fields.Select(field =>
        {
            // A register that consists of one value has a field with the same name, which is not repeated.
            bool isWhole = reading.Register.Fields.Count == 1
                && !field.IsFlag
                && reading.Register.Name.EndsWith(field.Name, StringComparison.OrdinalIgnoreCase);
            string text = Printable.Clean(isWhole ? field.Describe(reading.Raw) : Describe(field, reading.Raw));
            return new TextItem(text, field.IsFlag)
            {
                Paint = field.IsFlag && field.Extract(reading.Raw) == 0 ? terminal.Dim : null,
            };
        });

    private static void WritePlain(CliHost host, List<TextItem> plain, int indent)
    {
        if (plain.Count != 0)
        {
            ItemText.Write(host, new string(' ', indent), indent, plain);
            plain.Clear();
        }
    }

    private static void WriteVerbose(CliHost host, RegisterReading reading, int indent)
    {
        string margin = new(' ', indent);
        string place = string.Create(CultureInfo.InvariantCulture, $"config+0x{reading.Register.Offset:x2}");
        string head = Printable.Clean(
            $"{margin}{reading.Register.Name} {Raw(reading)}  {place}  {reading.Register.Meaning}");
        host.Out.WriteLine(host.Terminal.Width is int width ? Printable.Shorten(head, width) : head);
        if (reading.Register.Fields.Count != 0)
        {
            ItemText.Write(host, margin + "  ", indent + 2, Items(reading, host.Terminal));
        }
    }
}
