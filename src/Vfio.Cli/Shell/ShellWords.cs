using System.Globalization;
using System.Text;

namespace Vfio.Cli;

/// <summary>Represents the words of one line of the shell, with its options parsed.</summary>
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
                    Bits = (int)ReadNumber(rest, "-w", 8, 64) is int bits and (8 or 16 or 32 or 64)
                        ? bits
                        : throw Usage("-w must be 8, 16, 32 or 64");
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

    // The limits of IoAddressSpace: an address width smaller than a page would allow no mapping.
    private const int LeastAddressBits = 12;
    private const int MostAddressBits = 64;

    public string Command { get; }

    public int? Bits { get; }

    public int? Count { get; }

    public bool All { get; }

    public Iova? At { get; }

    public int? AddressBits { get; }

    /// <summary>
    /// Splits a line into words. A text in double quotes is one word; <c>#</c> at the beginning of a word starts a
    /// comment.
    /// </summary>
    /// <exception cref="CliException">A quote is not closed.</exception>
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

    /// <summary>Separates the words of a command from its options.</summary>
    /// <param name="words">The words, at least one.</param>
    /// <param name="options">A letter for each option that the command has: w, n, a (--all), t (--at), b
    /// (--bits).</param>
    public static ShellWords Of(IReadOnlyList<string> words, string options) => new(words, options);

    /// <summary>Returns the words that are not options.</summary>
    /// <exception cref="CliException">There are fewer or more words than the command accepts.</exception>
    public IReadOnlyList<string> Take(int least, int most) => _words.Count >= least && _words.Count <= most
        ? _words
        : throw Usage(
            _words.Count < least ? "an argument is missing" : $"'{Symbols.Quote(_words[most])}' is not expected here");

    /// <summary>Creates the exception for an error in the line.</summary>
    public CliException Usage(string what) =>
        new($"{Command}: {what}", ShellHelp.UsageOf(Command), ExitCode.WrongUsage);

    /// <summary>Parses a number of the line.</summary>
    public ulong ReadNumber(string text, string what) =>
        Number.TryParse(text, out ulong number)
            ? number
            : throw Usage($"'{Symbols.Quote(text)}' is not {what}; {Number.Expected}");

    private ulong ReadNumber(IEnumerator<string> rest, string option, ulong least, ulong most) =>
        rest.MoveNext() && Number.TryParse(rest.Current, out ulong number) && number >= least && number <= most
            ? number
            : throw Usage(
                string.Create(CultureInfo.InvariantCulture, $"{option} must be a number from {least} to {most}"));

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

        return isQuoted
            ? throw new CliException(
                "a double quote is not closed",
                "write a text with spaces between two double quotes",
                ExitCode.WrongUsage)
            : word.ToString();
    }
}
