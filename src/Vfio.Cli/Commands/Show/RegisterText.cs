using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Registers as people who know lspci read them: <c>ExtTag+ RBE-</c>, <c>MaxPayload 128 bytes</c>.</summary>
internal static class RegisterText
{
    private const int MostLabelColumns = 16;

    /// <summary>One field: its name with + or -, or with its value.</summary>
    public static string Describe(RegisterField field, ulong raw) =>
        field.IsFlag ? field.Name + field.Describe(raw) : $"{field.Name} {field.Describe(raw)}";

    /// <summary>The value with all its digits.</summary>
    public static string Raw(RegisterReading reading) => RegisterWidth.Format(reading.Raw, reading.Register.Width * 8);

    /// <summary>How wide the column of names is.</summary>
    public static int LabelColumns(IEnumerable<RegisterReading> readings) => Math.Min(
        MostLabelColumns, readings.Where(reading => reading.Register.Fields.Count != 0).Select(reading => reading.Register.Name.Length).DefaultIfEmpty().Max());

    /// <summary>Writes registers: one with fields on a line of its own, those without beside each other.</summary>
    /// <param name="host">Where to.</param>
    /// <param name="readings">The registers.</param>
    /// <param name="indent">Columns in front of each line.</param>
    /// <param name="isVerbose">Whether each has a line with its place, value and meaning.</param>
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
                ItemText.Write(host, new string(' ', indent) + name + " ", indent + label + 1, Items(reading, host.Terminal));
            }
        }

        WritePlain(host, plain, indent);
    }

    /// <summary>The fields, for a line.</summary>
    public static IEnumerable<TextItem> Items(RegisterReading reading, Terminal terminal) => reading.Register.Fields.Select(field =>
    {
        // A register that is one value has a field of its own name, which is not said twice.
        bool isWhole = reading.Register.Fields.Count == 1 && !field.IsFlag && reading.Register.Name.EndsWith(field.Name, StringComparison.OrdinalIgnoreCase);
        string text = Printable.Clean(isWhole ? field.Describe(reading.Raw) : Describe(field, reading.Raw));
        return new TextItem(text, field.IsFlag) { Paint = field.IsFlag && field.Extract(reading.Raw) == 0 ? terminal.Dim : null };
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
        string head = Printable.Clean($"{margin}{reading.Register.Name} {Raw(reading)}  {place}  {reading.Register.Meaning}");
        host.Out.WriteLine(host.Terminal.Width is int width ? Printable.Shorten(head, width) : head);
        if (reading.Register.Fields.Count != 0)
        {
            ItemText.Write(host, margin + "  ", indent + 2, Items(reading, host.Terminal));
        }
    }
}
