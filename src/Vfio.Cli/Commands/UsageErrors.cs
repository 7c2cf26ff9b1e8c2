using System.CommandLine;
using System.CommandLine.Parsing;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Reports what is wrong with a command line: the first error, and where to look for help.</summary>
internal static class UsageErrors
{
    public static int Write(CliHost host, ParseResult result)
    {
        Command command = result.CommandResult.Command;
        string path = PathOf(result.CommandResult);
        string? stranger = FindUnknownOption(result)
            ?? (result.UnmatchedTokens.Count == 0 ? null : result.UnmatchedTokens[0]);

        // A word that the parser does not understand makes it misjudge the words after it, so that word is reported
        // first.
        string what = stranger is null
            ? Decapitalise(result.Errors[0].Message)
            : $"'{Symbols.Quote(stranger)}' is not {Expected(command, stranger)}";
        string hint = stranger is null ? SecondLine(what) ?? $"{path} --help shows how it is used"
            : Habits.Find(stranger) is string known && !HasOption(command, stranger) ? known
            : FindSimilar(command, stranger) is string similar ? $"did you mean '{similar}'? {path} --help lists all"
            : SuggestFor(host, command, stranger) ?? $"{path} --help shows how it is used";
        ErrorReport.Write(host, $"{(command is RootCommand ? "command line" : command.Name)}: {FirstLine(what)}", hint);
        return ExitCode.WrongUsage;
    }

    // If the command has an argument for devices, the parser takes an unknown option for a device.
    private static string? FindUnknownOption(ParseResult result) => result.Tokens
        .TakeWhile(token => token.Type != TokenType.DoubleDash)
        .FirstOrDefault(token => token.Type == TokenType.Argument
            && token.Value is ['-', '-' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z'), ..]
            && !IsValue(result, token))
        ?.Value;

    private static bool IsValue(ParseResult result, Token token) => HelpText.OptionsOf(result.CommandResult.Command)
        .Any(option => result.GetResult(option) is { } given
            && given.Tokens.Any(value => ReferenceEquals(value, token)));

    private static bool HasOption(Command command, string word) =>
        command.Options.Any(option => option.Name == word || option.Aliases.Contains(word));

    private static string Expected(Command command, string stranger) =>
        stranger.StartsWith('-') ? "an option of this command"
        : command.Subcommands.Count != 0 ? "a command of vfio"
        : "expected here";

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : VfioCommandLine.Name;

    private static string? FindSimilar(Command command, string word) => EditDistance.Nearest(word, word.StartsWith('-')
        ? command.Options.SelectMany(option => option.Aliases.Prepend(option.Name))
        : command.Subcommands.Where(subcommand => !subcommand.Hidden).Select(subcommand => subcommand.Name));

    // The user typed "vfio list eth0", "vfio groups 12" or "vfio eth0": the word is right, but the command is not.
    private static string? SuggestFor(CliHost host, Command command, string word)
    {
        if (word.StartsWith('-') || (command is not RootCommand && command.Arguments.Count != 0))
        {
            return null;
        }

        string quoted = Symbols.Quote(word);
        return DeviceArgument.TryFind(host, word, out _, out _, out _) ? $"vfio show {quoted} shows that device"
            : command.Name != ListCommand.Name ? null
            : PciClassFilter.TryParse(word, out _)
                ? $"vfio list --class {quoted} lists that class, vfio list --name {quoted} devices with that name"
            : HostNames.IsName(word)
                ? $"vfio list --name {quoted} lists devices with that name; vfio list --help shows all filters"
            : null;
    }

    // A parser's message may contain its hint as a second line.
    private static string? SecondLine(string text) => text.Split('\n', 2) is [_, string hint] ? hint : null;

    private static string FirstLine(string text) =>
        text.AsSpan().IndexOfAny('\r', '\n') is int end and >= 0 ? text[..end] : text;

    private static string Decapitalise(string text)
    {
        bool isSentence = text.Length > 1 && char.IsUpper(text[0]) && char.IsLower(text[1]);
        return (isSentence ? char.ToLowerInvariant(text[0]) + text[1..] : text).TrimEnd('.');
    }
}
