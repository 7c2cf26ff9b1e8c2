using System.Globalization;
using System.Text;

namespace Vfio.Cli;

/// <summary>The words of one line of the shell, options taken out.</summary>
internal sealed class ShellWords
{
    private readonly List<string> _words = [];

    private ShellWords(IEnumerable<string> words, string options)
    {
        using IEnumerator<string> rest = words.GetEnumerator();
        rest.MoveNext();
        Command = rest.Current;
        while (rest.MoveNext())
        {
            switch (rest.Current)
            {
                case "-w" when options.Contains('w', StringComparison.Ordinal):
                    Bits = (int)ReadNumber(rest, "-w", 8, 64) is int bits and (8 or 16 or 32 or 64) ? bits : throw Usage("-w takes 8, 16, 32 or 64");
                    break;
                case "-n" when options.Contains('n', StringComparison.Ordinal):
                    Count = (int)ReadNumber(rest, "-n", 1, MaxCount);
                    break;
                case "--at" when options.Contains('t', StringComparison.Ordinal):
                    At = new Iova(ReadNumber(rest, "--at", 0, ulong.MaxValue));
                    break;
                case "--bits" when options.Contains('b', StringComparison.Ordinal):
                    AddressBits = (int)ReadNumber(rest, "--bits", LeastAddressBits, MostAddressBits);
                    break;
                case "--all" when options.Contains('a', StringComparison.Ordinal):
                    All = true;
                    break;
                case string word when word.StartsWith('-'):
                    throw Usage($"'{Symbols.Quote(word)}' is not an option of {Command}");
                default:
                    _words.Add(rest.Current);
                    break;
            }
        }
    }

    private const int MaxCount = 1 << 24;

    // As IoAddressSpace takes them: fewer lines than a page has reach nothing.
    private const int LeastAddressBits = 12;
    private const int MostAddressBits = 64;

    public string Command { get; }

    public int? Bits { get; }

    public int? Count { get; }

    public bool All { get; }

    public Iova? At { get; }

    public int? AddressBits { get; }

    /// <summary>The words of a line, a text in double quotes being one; <c>#</c> at the beginning of a word ends the line.</summary>
    /// <exception cref="CliException">A quote is open.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        List<string> words = [];
        int i = 0;
        while (true)
        {
            while (i < line.Length && char.IsWhiteSpace(line[i]))
            {
                i++;
            }

            if (i == line.Length || line[i] == '#')
            {
                return words;
            }

            words.Add(NextWord(line, ref i));
        }
    }

    /// <summary>Takes the words of a command apart.</summary>
    /// <param name="words">The words, at least one.</param>
    /// <param name="options">A letter for each option that the command has: w, n, a (--all), t (--at), b (--bits).</param>
    public static ShellWords Of(IReadOnlyList<string> words, string options) => new(words, options);

    /// <summary>The words besides options.</summary>
    /// <exception cref="CliException">There are fewer or more than the command takes.</exception>
    public IReadOnlyList<string> Take(int least, int most) => _words.Count >= least && _words.Count <= most
        ? _words
        : throw Usage(_words.Count < least ? "something is missing" : $"'{Symbols.Quote(_words[most])}' is not expected here");

    /// <summary>A mistake in the line.</summary>
    public CliException Usage(string what) => new($"{Command}: {what}", ShellHelp.UsageOf(Command), ExitCode.WrongUsage);

    /// <summary>A number of the line.</summary>
    public ulong ReadNumber(string text, string what) =>
        Number.TryParse(text, out ulong number) ? number : throw Usage($"'{Symbols.Quote(text)}' is not {what}; {Number.Expected}");

    private ulong ReadNumber(IEnumerator<string> rest, string option, ulong least, ulong most) =>
        rest.MoveNext() && Number.TryParse(rest.Current, out ulong number) && number >= least && number <= most
            ? number
            : throw Usage(string.Create(CultureInfo.InvariantCulture, $"{option} takes a number from {least} to {most}"));

    private static string NextWord(string line, ref int i)
    {
        StringBuilder word = new();
        bool isQuoted = false;
        for (; i < line.Length && (isQuoted || !char.IsWhiteSpace(line[i])); i++)
        {
            if (line[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else
            {
                word.Append(line[i]);
            }
        }

        return isQuoted ? throw new CliException("a \" is not closed", "a text with spaces stands between two of them", ExitCode.WrongUsage) : word.ToString();
    }
}
