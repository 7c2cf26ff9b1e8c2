using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Finds the completions of a word on the command line, from the tree of commands.</summary>
internal sealed class CompletionAnswers(CliHost host, Command root)
{
    private const int MostWords = 256;

    /// <summary>Returns the completions of the last word; each begins with that word.</summary>
    public IEnumerable<(string Value, string Description)> For(IReadOnlyList<string> words)
    {
        if (words.Count is 0 or > MostWords)
        {
            return [];
        }

        string current = words[^1];
        return Candidates([.. words.SkipLast(1)], current)
            .Where(answer => CompletionScripts.IsDirective(answer.Value)
                || answer.Value.StartsWith(current, StringComparison.Ordinal));
    }

    private IEnumerable<(string Value, string Description)> Candidates(string[] before, string current)
    {
        Command? command = before.Length == 0
            ? root
            : root.Subcommands.FirstOrDefault(child => child.Name == before[0] && !child.Hidden);
        if (command is null)
        {
            return [];
        }

        if (command == root)
        {
            return current.StartsWith('-')
                ? Options(root, [])
                : root.Subcommands.Where(child => !child.Hidden).Select(child => (child.Name, child.Description ?? ""));
        }

        CompletionValues values = new(host, root, command);
        (List<string> given, bool isOptions, Option? open) = Read(command, before);
        if (open is not null)
        {
            return values.Of(open.HelpName, given);
        }

        if (isOptions && current.StartsWith('-'))
        {
            int equals = current.IndexOf('=');
            return equals > 0 && FindOption(command, current[..equals]) is { } option && TakesValue(option)
                ? values.Of(option.HelpName, given).Select(answer => (
                    CompletionScripts.IsDirective(answer.Value) ? answer.Value : current[..(equals + 1)] + answer.Value,
                    answer.Description))
                : Options(command, before);
        }

        if (!isOptions && command.Name == RunCommand.Name)
        {
            return [(CompletionScripts.Files, "")];
        }

        int place = 0;
        foreach (Argument argument in command.Arguments)
        {
            if (argument.Arity.MaximumNumberOfValues > 1 || place == given.Count)
            {
                return values.Of(argument.Name, given);
            }

            place++;
        }

        return [];
    }

    // Returns the positional arguments so far, whether options can follow, and the option whose value comes next.
    private static (List<string> Given, bool IsOptions, Option? Open) Read(Command command, string[] before)
    {
        List<string> given = [];
        bool isOptions = true;
        for (int i = 1; i < before.Length; i++)
        {
            string word = before[i];
            if (isOptions && word == "--")
            {
                isOptions = false;
            }
            else if (!isOptions || !word.StartsWith('-') || word.Length == 1)
            {
                given.Add(word);
            }
            else if (FindOption(command, word) is { } option && TakesValue(option))
            {
                i++;
                if (i == before.Length)
                {
                    return (given, isOptions, option);
                }
            }
        }

        return (given, isOptions, null);
    }

    private static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues != 0;

    private static Option? FindOption(Command command, string name) =>
        HelpText.OptionsOf(command).FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

    // Returns the long names of the options, without those that are on the line already.
    private static IEnumerable<(string, string)> Options(Command command, string[] before) =>
        HelpText.OptionsOf(command)
            .Where(option => !before.Contains(option.Name) && !option.Aliases.Any(before.Contains))
            .Select(
                option => (option.Aliases.Append(option.Name).MaxBy(name => name.Length)!, option.Description ?? ""));
}
