using System.Globalization;

namespace Vfio.Cli;

/// <summary>A number as people write it for registers: decimal, or hexadecimal with 0x.</summary>
internal static class Number
{
    /// <summary>What to tell somebody whose number is none.</summary>
    public const string Expected = "a number is decimal or 0x and hexadecimal digits, of at most 64 bits";

    public static bool TryParse(ReadOnlySpan<char> text, out ulong value) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
