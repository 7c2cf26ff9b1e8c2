using System.Globalization;

namespace Vfio;

/// <summary>Parses numbers as the kernel writes addresses.</summary>
internal static class HexText
{
    /// <summary>Parses a hexadecimal number, with or without 0x.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ulong value) => ulong.TryParse(
        text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text,
        NumberStyles.AllowHexSpecifier,
        CultureInfo.InvariantCulture,
        out value);
}
