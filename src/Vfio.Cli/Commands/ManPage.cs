using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Writes a command's manual page in the format of man(7).</summary>
internal sealed class ManPage(TextWriter output)
{
    public void Write(Command command)
    {
        bool isRoot = command is RootCommand;
        string name = isRoot ? VfioCommandLine.Name : $"{VfioCommandLine.Name}-{command.Name}";
        output.WriteLine($".TH {name.ToUpperInvariant()} 8 {Manual.Date} \"{VfioCommandLine.Name} "
            + $"{VfioCommandLine.Version}\" \"System Administration\"");
        Section("NAME");
        output.WriteLine($"{Escape(name)} \\- {Escape(Decapitalise((command.Description ?? "").TrimEnd('.')))}");
        Section("SYNOPSIS");
        WriteSynopsis(command);
        Section("DESCRIPTION");
        Paragraph(command.Description ?? "");
        foreach (string note in command is DocumentedCommand documented ? documented.Notes : VfioCommandLine.Notes)
        {
            output.WriteLine(".PP");
            Paragraph(note);
        }

        foreach ((string title, IReadOnlyList<Command> commands) in isRoot ? CommandGroups.Of(command) : [])
        {
            output.WriteLine($".SS {Escape(title)}");
            Items(commands.Select(child => ($"vfio-{child.Name}(8)", child.Description ?? "")));
        }

        if (command.Arguments.Count != 0)
        {
            Section("ARGUMENTS");
            Items(command.Arguments.Select(argument => (argument.Name, Sentence(argument.Description))));
        }

        Section("OPTIONS");
        Items(HelpText.OptionsOf(command).Select(option => (HelpText.Label(option), Sentence(option.Description))));
        Section("EXIT STATUS");
        Items(Manual.ExitCodes);
        Section("ENVIRONMENT");
        Items(Manual.Environment);
        Section("FILES");
        Items(Manual.Files);
        WriteExamples((command as DocumentedCommand)?.Examples ?? VfioCommandLine.Examples);
        WriteSeeAlso(command);
    }

    /// <summary>Escapes text, so that troff interprets none of it.</summary>
    internal static string Escape(string text)
    {
        string escaped = text
            .Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal)
            .Replace("'", "\\(aq", StringComparison.Ordinal)
            .Replace("`", "\\(ga", StringComparison.Ordinal)
            .Replace("^", "\\(ha", StringComparison.Ordinal)
            .Replace("~", "\\(ti", StringComparison.Ordinal)
            .Replace("…", "...", StringComparison.Ordinal);
        return escaped.StartsWith('.') ? "\\&" + escaped : escaped;
    }

    private void WriteSynopsis(Command command)
    {
        if (command is RootCommand)
        {
            output.WriteLine($".B vfio\n.I COMMAND\n[options]");
            return;
        }

        output.WriteLine($".B {VfioCommandLine.Name} {Escape(command.Name)}\n[options]");
        foreach (Argument argument in command.Arguments)
        {
            output.WriteLine($".I {Escape(HelpText.Label(argument))}");
        }

        if (command is DocumentedCommand { UsageEnd: { Length: > 0 } end })
        {
            output.WriteLine($".I {Escape(end)}");
        }
    }

    private void WriteExamples(IReadOnlyList<(string CommandLine, string Purpose)> examples)
    {
        Section("EXAMPLES");
        foreach ((string commandLine, string purpose) in examples)
        {
            output.WriteLine($".TP\n{Escape(purpose)}:\n.EX\n{Escape(commandLine)}\n.EE");
        }
    }

    private void WriteSeeAlso(Command command)
    {
        Section("SEE ALSO");
        IEnumerable<string> own = command is RootCommand
            ? command.Subcommands.Where(child => !child.Hidden).Select(child => $"vfio-{child.Name}(8)")
            : CommandGroups.Neighbours(command).Select(name => $"vfio-{name}(8)").Prepend("vfio(8)");
        string[] all = [.. own, .. Manual.SeeAlso];
        for (int i = 0; i < all.Length; i++)
        {
            int open = all[i].IndexOf('(');
            output.WriteLine($".BR {Escape(all[i][..open])} {all[i][open..]}{(i + 1 < all.Length ? "," : "")}");
        }
    }

    private void Section(string title) => output.WriteLine($".SH {title}");

    // man(7) wants each sentence to begin on its own line. Lines are short for people who read the source.
    private void Paragraph(string text)
    {
        foreach (string line in Printable.Wrap(text, 78))
        {
            output.WriteLine(Escape(line));
        }
    }

    private void Items(IEnumerable<(string Name, string Text)> items)
    {
        foreach ((string name, string text) in items)
        {
            output.WriteLine($".TP\n.B {Escape(name)}");
            Paragraph(text);
        }
    }

    private static string Sentence(string? text) =>
        string.IsNullOrEmpty(text) || text[^1] is '.' or '?' ? text ?? "" : text + ".";

    private static string Decapitalise(string text) =>
        text.Length > 1 && char.IsLower(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;
}
