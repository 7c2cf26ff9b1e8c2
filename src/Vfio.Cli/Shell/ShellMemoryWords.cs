namespace Vfio.Cli;

/// <summary>Parses the shell's commands for memory.</summary>
internal static class ShellMemoryWords
{
    private const int MaxCount = 1 << 16;

    public static ShellOperation.Allocate ParseAllocate(ShellWords words)
    {
        IReadOnlyList<string> parts = words.Take(1, 2);
        ulong length = words.ReadNumber(parts[0], "a length");
        if (length is 0 or > SessionMemory.MaxLength)
        {
            throw words.Usage($"the length must be from 1 byte to {ByteSize.Format(SessionMemory.MaxLength)}");
        }

        DmaAccess access = parts.Count < 2 ? DmaAccess.ReadWrite : parts[1] switch
        {
            "read" => DmaAccess.Read,
            "write" => DmaAccess.Write,
            string word =>
                throw words.Usage($"'{Symbols.Quote(word)}' is not an access; use read or write, or omit it for both"),
        };
        if (words is { At: not null, AddressBits: not null })
        {
            throw words.Usage("--at and --bits cannot be combined");
        }

        return words.At is not Iova at || at.Value <= ulong.MaxValue - SessionMemory.MaxLength
            ? new ShellOperation.Allocate(length, access, words.At, words.AddressBits)
            : throw words.Usage($"no device can access {at}");
    }

    public static ShellOperation.Free ParseFree(ShellWords words) => new(ReadIova(words, words.Take(1, 1)[0]));

    public static ShellOperation.Peek ParsePeek(ShellWords words)
    {
        IReadOnlyList<string> parts = words.Take(1, 2);
        ulong count = parts.Count < 2 ? 1 : words.ReadNumber(parts[1], "a count");
        return count is > 0 and <= MaxCount
            ? new ShellOperation.Peek(ReadAligned(words, parts[0], out int bits), bits, (int)count)
            : throw words.Usage($"the count must be from 1 to {MaxCount}");
    }

    public static ShellOperation.Poke ParsePoke(ShellWords words)
    {
        IReadOnlyList<string> parts = words.Take(2, 2);
        Iova iova = ReadAligned(words, parts[0], out int bits);
        ulong value = words.ReadNumber(parts[1], "a value");
        return RegisterWidth.Fits(value, bits)
            ? new ShellOperation.Poke(iova, bits, value)
            : throw words.Usage($"0x{value:x} does not fit into {bits} bits; -w chooses another width");
    }

    private static Iova ReadIova(ShellWords words, string text) => new(words.ReadNumber(text, "an address"));

    private static Iova ReadAligned(ShellWords words, string text, out int bits)
    {
        bits = words.Bits ?? RegisterWidth.Default;
        Iova iova = ReadIova(words, text);
        return iova.Value % (uint)(bits / 8) == 0
            ? iova
            : throw words.Usage($"{iova} is not a multiple of {bits / 8}, the alignment of a {bits}-bit value; -w "
                + $"chooses another width");
    }
}
