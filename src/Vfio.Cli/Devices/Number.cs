using System.Globalization;

namespace Vfio.Cli;

/// <summary>Parses a number as users write it: decimal, or hexadecimal with 0x.</summary>
internal static class Number
{
    /// <summary>The explanation for a user whose text is not a number.</summary>
    public const string Expected = "a number is decimal, or hexadecimal with 0x, and has at most 64 bits";

    public static bool TryParse(ReadOnlySpan<char> text, out ulong value) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
