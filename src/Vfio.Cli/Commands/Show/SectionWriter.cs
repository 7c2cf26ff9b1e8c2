namespace Vfio.Cli;

/// <summary>
/// Writes sections of text: a title, rows with a label, and warnings, all within the terminal's width.
/// </summary>
internal sealed class SectionWriter(CliHost host)
{
    /// <summary>The indentation of the content of a section.</summary>
    public const int Indent = 2;

    private const int LabelColumns = 12;

    public void WriteTitle(string title)
    {
        host.Out.WriteLine();
        host.Out.WriteLine(
            host.Terminal.Bold(host.Terminal.Width is int width ? Printable.Shorten(title, width) : title));
    }

    public void WriteLine(string line) =>
        host.Out.WriteLine(host.Terminal.Width is int width ? Printable.Shorten(line, width) : line);

    public void WriteWarning(string text) => ItemText.Write(
        host, "  warning: ", Indent + 2, Printable.Clean(text)
            .Split(' ')
            .Select(word => new TextItem(word, IsWord: true) { Paint = host.Terminal.Yellow }));

    public void WriteList(string label, IReadOnlyList<string> items) => ItemText.Write(
        host,
        Start(label),
        Indent + LabelColumns,
        items.Select(item => new TextItem(Printable.Clean(item), IsWord: false)));

    /// <summary>Writes a row with a label and words; writes nothing if the text is <see langword="null"/>.</summary>
    public void WriteRow(string label, string? text, Func<string, string>? paint = null)
    {
        if (text is not null)
        {
            ItemText.Write(
                host, Start(label), Indent + LabelColumns, Printable.Clean(text)
                    .Split(' ')
                    .Select(word => new TextItem(word, IsWord: true) { Paint = paint }));
        }
    }

    private static string Start(string label) => $"  {label.PadRight(LabelColumns)}";
}
