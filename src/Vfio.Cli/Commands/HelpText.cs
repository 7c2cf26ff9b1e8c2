using System.CommandLine;
using System.CommandLine.Invocation;

namespace Vfio.Cli;

/// <summary>Prints the help: usage, arguments, options, notes and examples, within the terminal's width.</summary>
internal sealed class HelpText(CliHost host) : SynchronousCommandLineAction
{
    private const string Indent = "  ";
    private const int MaxLabelWidth = 24;

    private readonly int _width = host.Terminal.TextWidth;

    // With this, "vfio bind --help" does not complain that DEV is missing.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Write(parseResult.CommandResult.Command);
        return ExitCode.Done;
    }

    /// <summary>Writes the help of a command.</summary>
    public void Write(Command command)
    {
        WriteParagraph(command.Description ?? "", "");
        host.Out.WriteLine();
        WriteParagraph($"Usage: {Usage(command)}", "");
        WriteCommands(command);
        WriteRows("Arguments:", command.Arguments.Select(argument => (Label(argument), argument.Description ?? "")));
        WriteRows("Options:", OptionsOf(command).Select(option => (Label(option), option.Description ?? "")));
        DocumentedCommand? documented = command as DocumentedCommand;
        WriteTitle("Notes:");
        foreach (string note in documented?.Notes ?? VfioCommandLine.Notes)
        {
            WriteParagraph(note, Indent);
        }

        if (documented is null)
        {
            WriteRows("Exit codes:", Manual.ExitCodes);
        }

        WriteExamples(documented?.Examples ?? VfioCommandLine.Examples);
    }

    private static string Usage(Command command)
    {
        if (command.Subcommands.Count != 0)
        {
            return $"{VfioCommandLine.Name} COMMAND [options]";
        }

        string arguments = string.Join(' ', command.Arguments.Select(Label));
        string? end = (command as DocumentedCommand)?.UsageEnd;
        return $"{VfioCommandLine.Name} {command.Name} [options] {arguments} {end}".TrimEnd();
    }

    /// <summary>Returns an argument as the usage line shows it.</summary>
    public static string Label(Argument argument) => argument.Arity switch
    {
        { MinimumNumberOfValues: 0, MaximumNumberOfValues: 1 } => $"[{argument.Name}]",
        { MinimumNumberOfValues: 0 } => $"[{argument.Name}...]",
        { MaximumNumberOfValues: > 1 } => $"{argument.Name}...",
        _ => argument.Name,
    };

    /// <summary>Returns an option with its short name and its value.</summary>
    public static string Label(Option option)
    {
        string names = string.Join(", ", option.Aliases.Append(option.Name).OrderBy(name => name.Length));
        return option.Arity.MaximumNumberOfValues == 0 ? names : $"{names} {option.HelpName}";
    }

    /// <summary>Returns the options of a command; the options that every command has come last.</summary>
    public static IEnumerable<Option> OptionsOf(Command command) => command.Options
        .Concat(
            command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive))
        .Where(option => !option.Hidden);

    private void WriteCommands(Command command)
    {
        (string Title, IReadOnlyList<Command> Commands)[] groups = [.. CommandGroups.Of(command)];
        int labelWidth = groups.SelectMany(group => group.Commands)
            .Select(child => child.Name.Length)
            .DefaultIfEmpty()
            .Max();
        foreach ((string title, IReadOnlyList<Command> commands) in groups)
        {
            WriteRows($"{title}:", commands.Select(child => (child.Name, child.Description ?? "")), labelWidth);
        }
    }

    private void WriteTitle(string title)
    {
        host.Out.WriteLine();
        host.Out.WriteLine(host.Terminal.Bold(title));
    }

    private void WriteParagraph(string text, string indent)
    {
        foreach (string line in Printable.Wrap(text, _width - indent.Length))
        {
            host.Out.WriteLine(indent + line);
        }
    }

    private void WriteRows(string title, IEnumerable<(string Label, string Text)> source, int minLabelWidth = 0)
    {
        (string Label, string Text)[] rows = [.. source];
        if (rows.Length == 0)
        {
            return;
        }

        WriteTitle(title);
        int labelWidth = Math.Min(MaxLabelWidth, Math.Max(minLabelWidth, rows.Max(row => row.Label.Length)));
        foreach ((string label, string text) in rows)
        {
            string left = label;
            foreach (string line in Printable.Wrap(
                text, Math.Max(MaxLabelWidth, _width - labelWidth - (2 * Indent.Length))))
            {
                host.Out.WriteLine($"{Indent}{left.PadRight(labelWidth)}{Indent}{line}");
                left = "";
            }
        }
    }

    private void WriteExamples(IReadOnlyList<(string CommandLine, string Purpose)> examples)
    {
        WriteTitle("Examples:");
        int width = examples.Max(example => example.CommandLine.Length);
        bool fit = examples.All(example => Indent.Length + width + 4 + example.Purpose.Length <= _width);
        foreach ((string commandLine, string purpose) in examples)
        {
            host.Out.WriteLine(fit
                ? $"{Indent}{commandLine.PadRight(width)}  # {purpose}"
                : $"{Indent}# {purpose}\n{Indent}{commandLine}");
        }
    }
}
