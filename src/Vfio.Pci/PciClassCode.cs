using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Vfio.Pci;

/// <summary>
/// The 24-bit class code of a PCI function: base class, subclass and programming interface, such as <c>010802</c>
/// for an NVMe controller.
/// </summary>
/// <remarks>
/// Bytes 09h to 0Bh of configuration space (PCI Express Base Specification 6.0, section 7.5.1.1.6) and the file
/// <c>class</c> in sysfs. Meanings: PCI Code and ID Assignment Specification 1.12, section 1.
/// The device reports it; nothing makes it true.
/// </remarks>
public readonly partial record struct PciClassCode : ISpanParsable<PciClassCode>
{
    private const uint MaxValue = 0xff_ffff;

    /// <summary>Makes a class code from its 24 bits.</summary>
    /// <param name="value">0 to 0xFFFFFF, base class in the upper byte; the dword at configuration offset 8 shifted right by 8.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> needs more than 24 bits.</exception>
    public PciClassCode(uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        Value = value;
    }

    /// <summary>Makes a class code from its parts.</summary>
    /// <param name="baseClass">The base class, any byte.</param>
    /// <param name="subclass">The subclass within the base class.</param>
    /// <param name="programmingInterface">The register interface within the subclass; 0 where the subclass knows only one.</param>
    public PciClassCode(PciClass baseClass, byte subclass, byte programmingInterface = 0) =>
        Value = ((uint)baseClass << 16) | ((uint)subclass << 8) | programmingInterface;

    /// <summary>All 24 bits, base class in the upper byte.</summary>
    public uint Value { get; }

    /// <summary>What the function is for, broadly; a byte without a name in <see cref="PciClass"/> is possible.</summary>
    public PciClass BaseClass => (PciClass)(Value >> 16);

    /// <summary>The kind within the base class.</summary>
    public byte Subclass => (byte)(Value >> 8);

    /// <summary>The register interface within the subclass, so that one driver serves every maker's device.</summary>
    public byte ProgrammingInterface => (byte)Value;

    /// <summary>Reads a class code as people and the kernel write it: <c>010802</c>, <c>0x010802</c>, or <c>0200</c> for 020000.</summary>
    /// <param name="text">4 or 6 hexadecimal digits, either case, with or without <c>0x</c>; no white space around them.</param>
    /// <returns>The class code; the programming interface is 0 where only 4 digits are given.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is <see langword="null"/>.</exception>
    /// <exception cref="FormatException"><paramref name="text"/> is not a class code.</exception>
    public static PciClassCode Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text.AsSpan());
    }

    /// <inheritdoc cref="Parse(string)"/>
    public static PciClassCode Parse(ReadOnlySpan<char> text) => TryParse(text, out PciClassCode code)
        ? code
        : throw new FormatException(
            $"'{text[..int.Min(text.Length, 40)]}' is not a PCI class code; one looks like 0200 or 010802 (hexadecimal)");

    /// <summary>Reads a class code as people and the kernel write it, without an exception where it is none.</summary>
    /// <param name="text">4 or 6 hexadecimal digits, either case, with or without <c>0x</c>; no white space around them.</param>
    /// <param name="code">The class code, or 000000 when the answer is <see langword="false"/>.</param>
    /// <returns>Whether <paramref name="text"/> is a class code.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out PciClassCode code) => TryParse(text.AsSpan(), out code);

    /// <inheritdoc cref="TryParse(string?, out PciClassCode)"/>
    public static bool TryParse(ReadOnlySpan<char> text, out PciClassCode code)
    {
        code = default;
        if (!TryParsePrefix(text, out uint value, out int digits) || digits < 4)
        {
            return false;
        }

        code = new PciClassCode(value << (24 - (4 * digits)));
        return true;
    }

    static PciClassCode IParsable<PciClassCode>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<PciClassCode>.TryParse(string? s, IFormatProvider? provider, out PciClassCode result) => TryParse(s, out result);

    static PciClassCode ISpanParsable<PciClassCode>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    static bool ISpanParsable<PciClassCode>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out PciClassCode result) =>
        TryParse(s, out result);

    /// <summary>All six digits, as sysfs has them: <c>010802</c>.</summary>
    /// <returns>Six lower-case hexadecimal digits; <see cref="Parse(string)"/> gives the same code back.</returns>
    public override string ToString() => Value.ToString("x6", CultureInfo.InvariantCulture);

    /// <summary>Base class and subclass only, as <c>lspci -nn</c> prints them in brackets: <c>0108</c>.</summary>
    /// <returns>Four lower-case hexadecimal digits; the programming interface is left out.</returns>
    public string ToShortString() => (Value >> 8).ToString("x4", CultureInfo.InvariantCulture);

    // The leading 2, 4 or 6 digits of a class code, with or without 0x; a filter takes any, a class code at least 4.
    internal static bool TryParsePrefix(ReadOnlySpan<char> text, out uint value, out int digits)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            text = text[2..];
        }

        value = 0;
        digits = text.Length;
        return digits is 2 or 4 or 6 && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
