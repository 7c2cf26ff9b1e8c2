namespace Vfio.Cli;

/// <summary>Represents the completions of a word: the candidates, and where the word begins.</summary>
internal readonly record struct Completion(int Start, IReadOnlyList<string> Candidates);

/// <summary>
/// Completes the word before the cursor: commands, regions, names of registers and fields, addresses of memory.
/// </summary>
/// <param name="names">The names of the registers.</param>
/// <param name="addresses">Returns the addresses of the allocated memory.</param>
internal sealed class ShellCompleter(RegisterNames names, Func<IEnumerable<string>> addresses)
{
    private static readonly string[] AllocateWords = ["read", "write", "--at", "--bits"];
    private static readonly string[] Regions = ["bar0", "bar1", "bar2", "bar3", "bar4", "bar5", "rom", "config"];

    public Completion Complete(string before)
    {
        int start = before.LastIndexOf(' ') + 1;
        string word = before[start..];
        string[] words = before[..start].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> known = words switch
        {
            [] => ShellHelp.Words,
            ["read" or "write" or "set" or "clear" or "wait"] => names.All.Concat(Regions),
            ["set" or "clear" or "wait", string place] => FieldsOf(place),
            ["dump"] => Regions,
            ["record"] => ["off"],
            ["free" or "peek" or "poke"] => addresses(),
            ["alloc", _, ..] when words[^1] is not ("--at" or "--bits") => AllocateWords.Except(words),
            _ => [],
        };
        return new Completion(
            start, [.. known.Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))]);
    }

    private IEnumerable<string> FieldsOf(string place)
    {
        try
        {
            return PlaceText.TryParse(place, out PlaceText text, out _)
                ? (names.Resolve("", text, null).Register?.Fields ?? []).Select(field => field.Name)
                : [];
        }
        catch (CliException)
        {
            return [];
        }
    }
}
