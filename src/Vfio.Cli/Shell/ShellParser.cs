using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Parses a line of the shell, without accessing a device.</summary>
internal sealed class ShellParser(RegisterNames names)
{
    /// <summary>The longest time to wait for a register.</summary>
    public const int MaxTimeoutSeconds = 3600;

    /// <summary>Parses a line.</summary>
    /// <returns>The operation; <see langword="null"/> for an empty line.</returns>
    /// <exception cref="CliException">The line is not valid.</exception>
    public ShellOperation? Parse(string line)
    {
        IReadOnlyList<string> words = ShellWords.Split(line);
        return words.Count == 0 ? null : words[0] switch
        {
            "read" => ParseRead(ShellWords.Of(words, "wn")),
            "write" => ParseWrite(ShellWords.Of(words, "w")),
            "set" or "clear" => ParseChange(ShellWords.Of(words, "w")),
            "wait" => ParseWait(ShellWords.Of(words, "w")),
            "dump" => ParseDump(ShellWords.Of(words, "wa")),
            "record" => ParseRecord(ShellWords.Of(words, "")),
            "alloc" => ShellMemoryWords.ParseAllocate(ShellWords.Of(words, "tb")),
            "free" => ShellMemoryWords.ParseFree(ShellWords.Of(words, "")),
            "peek" => ShellMemoryWords.ParsePeek(ShellWords.Of(words, "w")),
            "poke" => ShellMemoryWords.ParsePoke(ShellWords.Of(words, "w")),
            "status" => Alone(words, new ShellOperation.Status()),
            "reset" => Alone(words, new ShellOperation.Reset()),
            "undo" => Alone(words, new ShellOperation.Undo()),
            "help" or "?" => Alone(words, new ShellOperation.Help()),
            "quit" or "exit" => Alone(words, new ShellOperation.Quit()),
            string word => throw Unknown(word),
        };
    }

    private static ShellOperation Alone(IReadOnlyList<string> words, ShellOperation operation)
    {
        _ = ShellWords.Of(words, "").Take(0, 0);
        return operation;
    }

    private static CliException Unknown(string word)
    {
        string? near = EditDistance.Nearest(word, ShellHelp.Words);
        return new CliException(
            $"'{Symbols.Quote(word)}' is not a command of the shell",
            near is null
                ? $"the commands are {string.Join(", ", ShellHelp.Words)}"
                : $"did you mean '{near}'? help lists the commands",
            ExitCode.WrongUsage);
    }

    private ShellOperation.Read ParseRead(ShellWords words) =>
        new(FindPlace(words, words.Take(1, 1)[0]), words.Count ?? 1);

    private ShellOperation.Write ParseWrite(ShellWords words)
    {
        IReadOnlyList<string> parts = words.Take(2, 2);
        RegisterPlace place = FindPlace(words, parts[0]);
        ulong value = words.ReadNumber(parts[1], "a value");
        RegisterWidth.CheckFits(words.Command, value, place.Bits);
        return new ShellOperation.Write(place, value);
    }

    private ShellOperation.Change ParseChange(ShellWords words)
    {
        IReadOnlyList<string> parts = words.Take(2, 2);
        RegisterPlace place = FindPlace(words, parts[0]);
        if (WhyNotChanged([.. names.Touched(place)], words.Command) is string why)
        {
            throw new CliException(
                $"{words.Command}: {place} {why}",
                $"changing a bit needs a read and a write; use write {place} VALUE instead",
                ExitCode.WrongUsage);
        }

        return new ShellOperation.Change(place, FindBit(words, place, parts[1]), IsSet: words.Command == "set");
    }

    private ShellOperation.Wait ParseWait(ShellWords words)
    {
        IReadOnlyList<string> parts = words.Take(4, 4);
        RegisterPlace place = FindPlace(words, parts[0]);
        ulong value = words.ReadNumber(parts[2], "a value");
        TimeSpan timeout = ReadTimeout(words, parts[3]);
        if (FindField(place, parts[1]) is RegisterField field)
        {
            return value <= field.Mask >> field.LowBit
                ? new ShellOperation.Wait(place, new WaitCondition(field.Mask, value << field.LowBit, timeout))
                : throw words.Usage($"0x{value:x} does not fit into the field {field.Name}");
        }

        ulong mask = Number.TryParse(parts[1], out ulong number)
            ? number
            : throw words.Usage(NotABit(place, parts[1], "a mask"));
        RegisterWidth.CheckFits(words.Command, mask, place.Bits);
        return (value & ~mask) == 0
            ? new ShellOperation.Wait(place, new WaitCondition(mask, value, timeout))
            : throw words.Usage($"0x{value:x} has bits outside the mask 0x{mask:x}, so the wait could never succeed");
    }

    private static ShellOperation.Dump ParseDump(ShellWords words)
    {
        IReadOnlyList<string> parts = words.Take(1, 2);
        return DumpCommand.TryParseRegion(parts[0], out Place region)
            ? new ShellOperation.Dump(
                region.Region, words.Bits ?? RegisterWidth.Default, parts.Count > 1 ? parts[1] : null, words.All)
            : throw words.Usage($"'{Symbols.Quote(parts[0])}' is not a region; use bar0 to bar5, rom or config");
    }

    private static ShellOperation.Record ParseRecord(ShellWords words)
    {
        string file = words.Take(1, 1)[0];
        return new ShellOperation.Record(file == "off" ? null : file);
    }

    private RegisterPlace FindPlace(ShellWords words, string text) =>
        PlaceText.TryParse(text, out PlaceText place, out string mistake)
            ? names.Resolve(words.Command, place, words.Bits)
            : throw words.Usage(mistake);

    private static RegisterField? FindField(RegisterPlace place, string text) =>
        place.Register?.Fields.FirstOrDefault(field => field.Name.Equals(text, StringComparison.OrdinalIgnoreCase));

    private static ulong FindBit(ShellWords words, RegisterPlace place, string text)
    {
        if (FindField(place, text) is RegisterField field)
        {
            return field.BitCount == 1
                ? field.Mask
                : throw words.Usage($"{field.Name} is a field of {field.BitCount} bits; give the number of one of "
                    + $"them, such as {field.LowBit}");
        }

        return Number.TryParse(text, out ulong bit)
            ? bit < (ulong)place.Bits
                ? 1UL << (int)bit
                : throw words.Usage($"{place} only has bits 0 to {place.Bits - 1}")
            : throw words.Usage(NotABit(place, text, "a bit number"));
    }

    private static string NotABit(RegisterPlace place, string text, string what)
    {
        string fields = string.Join(", ", (place.Register?.Fields ?? []).Select(field => field.Name));
        return $"'{Symbols.Quote(text)}' is not {what}"
            + (fields.Length == 0 ? "" : $", nor a field of {place}, which has {Printable.Shorten(fields, 200)}");
    }

    private static string? WhyNotChanged(IReadOnlyList<RegisterDescription> touched, string command)
    {
        foreach (RegisterDescription register in touched)
        {
            if (WhyNotChanged(register.Access, command) is string why)
            {
                return touched.Count == 1 ? why : $"overlaps {register.Name}, which {why}";
            }
        }

        return touched.Count != 0 && touched.All(register => register.Access == RegisterAccess.ReadOnly)
            ? "is read-only"
            : null;
    }

    private static string? WhyNotChanged(RegisterAccess access, string command) => access switch
    {
        RegisterAccess.WriteOnly => "is write-only, so its value is unknown",
        RegisterAccess.ReadHasSideEffects => "changes when it is read",
        RegisterAccess.WriteOneToSet when command == "clear" =>
            "sets the bits that are written as 1; another register clears them",
        RegisterAccess.WriteOneToClear =>
            "clears the bits that are written as 1, so writing back the value that was read would clear all of them",
        _ => null,
    };

    private static TimeSpan ReadTimeout(ShellWords words, string text)
    {
        (string number, double unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1.0),
            _ => ("", 0),
        };
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double amount)
            && amount * unit <= MaxTimeoutSeconds
            ? TimeSpan.FromSeconds(amount * unit)
            : throw words.Usage(
                $"'{Symbols.Quote(text)}' is not a time; a time looks like 500ms or 2s, and is at most an hour");
    }
}
