using System.CommandLine;
using System.CommandLine.Parsing;

namespace Vfio.Cli;

/// <summary>Says what is wrong with a command line: the first mistake, and where to look it up.</summary>
internal static class UsageErrors
{
    public static int Write(CliHost host, ParseResult result)
    {
        Command command = result.CommandResult.Command;
        string path = PathOf(result.CommandResult);
        string? stranger = result.UnmatchedTokens.Count == 0 ? null : result.UnmatchedTokens[0];

        // Whatever follows a word that is not understood is judged wrongly: that word is the mistake.
        string what = stranger is null
            ? Decapitalise(result.Errors[0].Message)
            : $"'{Symbols.Quote(stranger)}' is not {Expected(command, stranger)}";
        string hint = stranger is not null && FindSimilar(command, stranger) is string similar
            ? $"did you mean '{similar}'? {path} --help shows what there is"
            : $"{path} --help shows how it is used";
        ErrorReport.Write(host, $"{(command is RootCommand ? "command line" : command.Name)}: {FirstLine(what)}", hint);
        return ExitCode.WrongUsage;
    }

    private static string Expected(Command command, string stranger) =>
        stranger.StartsWith('-') ? "an option of this command"
        : command.Subcommands.Count != 0 ? "a command of vfio"
        : "expected here";

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : VfioCommandLine.Name;

    private static string? FindSimilar(Command command, string word)
    {
        IEnumerable<string> known = word.StartsWith('-')
            ? command.Options.SelectMany(option => option.Aliases.Prepend(option.Name))
            : command.Subcommands.Select(subcommand => subcommand.Name);
        return word.Length > 40 ? null : known
            .Select(name => (Name: name, Distance: EditDistance(name, word)))
            .Where(candidate => candidate.Name.Length > 2 && candidate.Distance <= 1 + (candidate.Name.Length / 4))
            .OrderBy(candidate => candidate.Distance)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    // Levenshtein's: insertions, deletions and replacements needed.
    internal static int EditDistance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }

    private static string FirstLine(string text) => text.AsSpan().IndexOfAny('\r', '\n') is int end and >= 0 ? text[..end] : text;

    private static string Decapitalise(string text)
    {
        bool isSentence = text.Length > 1 && char.IsUpper(text[0]) && char.IsLower(text[1]);
        return (isSentence ? char.ToLowerInvariant(text[0]) + text[1..] : text).TrimEnd('.');
    }
}
