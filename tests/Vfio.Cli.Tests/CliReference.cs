using System.CommandLine;
using System.Text.RegularExpressions;

namespace Vfio.Cli.Tests;

/// <summary>
/// Generates the parts of docs/cli.md that come from the commands' descriptions: synopses, options, exit codes.
/// </summary>
internal static partial class CliReference
{
    private const int Width = 100;

    /// <summary>
    /// Returns a page with its generated parts replaced: the text between <c>&lt;!-- reference: NAME --&gt;</c> and
    /// <c>&lt;!-- end --&gt;</c>.
    /// </summary>
    /// <exception cref="KeyNotFoundException">A part names a command that does not exist.</exception>
    public static string Update(string page, RootCommand root) =>
        Part().Replace(
            page, part => $"{part.Groups["begin"].Value}\n{Write(part.Groups["name"].Value, root)}<!-- end -->");

    /// <summary>Returns the names of a page's parts, in order.</summary>
    public static IReadOnlyList<string> NamesIn(string page) =>
        [.. Part().Matches(page).Select(part => part.Groups["name"].Value)];

    private static string Write(string name, RootCommand root) => name == "exit codes"
        ? Table("code", "means", Manual.ExitCodes)
        : Write(root.Subcommands.FirstOrDefault(command => command.Name == name)
            ?? throw new KeyNotFoundException($"docs/cli.md has a part of '{name}'"));

    private static string Write(Command command)
    {
        string synopsis = $"```\n{string.Join('\n', Synopsis(command))}\n```\n";
        (string, string)[] options =
            [.. OwnOptions(command).Select(option => (HelpText.Label(option), option.Description ?? ""))];
        return options.Length == 0 ? synopsis : $"{synopsis}\n{Table("option", "does", options)}";
    }

    private static IEnumerable<string> Synopsis(Command command)
    {
        string line = $"{VfioCommandLine.Name} {command.Name}";
        foreach (string word in SynopsisWords(command))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                yield return line;
                line = new string(' ', VfioCommandLine.Name.Length + 1 + command.Name.Length);
            }

            line += $" {word}";
        }

        yield return line;
    }

    private static IEnumerable<string> SynopsisWords(Command command)
    {
        IEnumerable<string> words = OwnOptions(command)
            .Select(SynopsisWord)
            .Concat(command.Arguments.Select(HelpText.Label));
        return command is DocumentedCommand { UsageEnd: { Length: > 0 } end } ? words.Append(end) : words;
    }

    private static string SynopsisWord(Option option)
    {
        string name = option.Aliases.Append(option.Name).MinBy(alias => alias.Length)!;
        return option.Arity.MaximumNumberOfValues == 0 ? $"[{name}]" : $"[{name} {option.HelpName}]";
    }

    // Every command has --help; the page mentions it once.
    private static IEnumerable<Option> OwnOptions(Command command) => HelpText.OptionsOf(command)
        .Where(option => option.Name != "--help");

    private static string Table(string left, string right, IEnumerable<(string Name, string Text)> rows) =>
        $"| {left} | {right} |\n|---|---|\n"
        + $"{string.Concat(rows.Select(row => $"| `{Cell(row.Name)}` | {Cell(row.Text)} |\n"))}";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex("(?<begin><!-- reference: (?<name>[a-z ]+) -->)\n.*?<!-- end -->", RegexOptions.Singleline)]
    private static partial Regex Part();
}
