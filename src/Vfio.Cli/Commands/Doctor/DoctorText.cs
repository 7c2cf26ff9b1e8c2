using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Writes a diagnosis as text.</summary>
internal sealed class DoctorText(CliHost host)
{
    private const int MarkColumns = 8;
    private const int IdColumns = 17;
    private const int Indent = 2 + MarkColumns;
    private const string FixLabel = "fix  ";

    private readonly DeviceNames _names = new(host);

    public void Write(Diagnosis diagnosis)
    {
        string what = diagnosis.Identity is null
            ? ""
            : $" {_names.Describe(diagnosis.Identity, isBrief: host.Terminal.Width is not null)}";
        if (diagnosis.Name is string name)
        {
            string title = Printable.Clean($"{name}{what}");
            host.Out.WriteLine(
                host.Terminal.Bold(host.Terminal.Width is int width ? Printable.Shorten(title, width) : title));
        }

        foreach (Finding finding in diagnosis.Findings)
        {
            Write(finding);
        }

        host.Out.WriteLine();
        string subject = diagnosis.Name is null ? "" : $"{diagnosis.Name} ";
        Finding? first = diagnosis.IsUsable ? null : diagnosis.Findings[0];
        WriteWords(
            "",
            0,
            $"{subject}{diagnosis.Verdict}{(first is null ? "" : $": {first.Message}")}",
            diagnosis.IsUsable ? host.Terminal.Green : host.Terminal.Yellow);
    }

    private void Write(Finding finding)
    {
        (string mark, Func<string, string> paint) = finding.Level switch
        {
            FindingLevel.Error => ("BLOCKS", host.Terminal.Yellow),
            FindingLevel.Warning => ("warns", host.Terminal.Yellow),
            FindingLevel.Info => ("note", (Func<string, string>)(text => text)),
            FindingLevel.Unknown => ("unseen", host.Terminal.Dim),
            _ => ("ok", host.Terminal.Green),
        };
        ItemText.Write(
            host,
            $"  {paint(mark)}{new string(' ', MarkColumns - mark.Length)}{finding.Topic.ToWords().PadRight(IdColumns)}",
            Indent + IdColumns,
            Words(finding.Message, null));
        WriteWords("why  ", Indent, finding.Reason);
        WriteCommand(finding.Command);
        WriteWords(finding.Command is null ? "do   " : "     ", Indent, finding.Advice);
    }

    private void WriteWords(string label, int indent, string? text, Func<string, string>? paint = null)
    {
        if (text is not null)
        {
            ItemText.Write(host, new string(' ', indent) + label, indent + label.Length, Words(text, paint));
        }
    }

    // A command that is too long is continued with backslashes, so that it can be copied into a shell.
    private void WriteCommand(string? command)
    {
        if (command is null)
        {
            return;
        }

        int limit = (host.Terminal.Width ?? int.MaxValue) - Indent - FixLabel.Length;
        string label = FixLabel;
        string[] lines = [.. Printable.Wrap(Printable.Clean(command), limit - 2)];
        for (int i = 0; i < lines.Length; i++)
        {
            string text = i + 1 < lines.Length ? $"{lines[i]} \\" : lines[i];
            host.Out.WriteLine($"{new string(' ', Indent)}{label}{host.Terminal.Bold(text)}");
            label = new string(' ', FixLabel.Length);
        }
    }

    private static IEnumerable<TextItem> Words(string text, Func<string, string>? paint) =>
        Printable.Clean(text).Split(' ').Select(word => new TextItem(word, IsWord: true) { Paint = paint });
}
