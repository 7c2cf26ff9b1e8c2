using System.Globalization;

namespace Vfio;

/// <summary>Numbers as the kernel writes addresses.</summary>
internal static class HexText
{
    /// <summary>Reads a number in hexadecimal, with 0x before it or without.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ulong value) => ulong.TryParse(
        text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text,
        NumberStyles.AllowHexSpecifier,
        CultureInfo.InvariantCulture,
        out value);
}
