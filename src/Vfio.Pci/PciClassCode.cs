using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Vfio.Pci;

/// <summary>
/// The 24-bit class code of a PCI function: base class, subclass and programming interface, such as <c>010802</c>
/// for an NVMe controller.
/// </summary>
/// <remarks>
/// Bytes 09h to 0Bh of configuration space (PCI Express Base Specification 6.0, section 7.5.1.1.6) and the file
/// <c>class</c> in sysfs. The meanings are in PCI Code and ID Assignment Specification 1.12, section 1. The device
/// reports the class code, and it need not be true.
/// </remarks>
public readonly partial record struct PciClassCode : ISpanParsable<PciClassCode>
{
    private const uint MaxValue = 0xff_ffff;

    /// <summary>Creates a class code from its 24 bits.</summary>
    /// <param name="value">
    /// 0 to 0xFFFFFF, with the base class in the upper byte: the doubleword at configuration offset 8 shifted right by
    /// 8.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> needs more than 24 bits.</exception>
    public PciClassCode(uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        Value = value;
    }

    /// <summary>Creates a class code from its parts.</summary>
    /// <param name="baseClass">The base class, any byte.</param>
    /// <param name="subclass">The subclass within the base class.</param>
    /// <param name="programmingInterface">
    /// The register interface within the subclass; 0 if the subclass has only one.
    /// </param>
    public PciClassCode(PciClass baseClass, byte subclass, byte programmingInterface = 0) =>
        Value = ((uint)baseClass << 16) | ((uint)subclass << 8) | programmingInterface;

    /// <summary>Gets all 24 bits, with the base class in the upper byte.</summary>
    public uint Value { get; }

    /// <summary>Gets the base class. It may be a byte without a name in <see cref="PciClass"/>.</summary>
    public PciClass BaseClass => (PciClass)(Value >> 16);

    /// <summary>Gets the kind within the base class.</summary>
    public byte Subclass => (byte)(Value >> 8);

    /// <summary>
    /// Gets the register interface within the subclass, which lets one driver support the devices of all vendors.
    /// </summary>
    public byte ProgrammingInterface => (byte)Value;

    /// <summary>Parses a class code: <c>010802</c>, <c>0x010802</c>, or <c>0200</c> for 020000.</summary>
    /// <param name="text">
    /// 4 or 6 hexadecimal digits, either case, with or without <c>0x</c>; no white space around them.
    /// </param>
    /// <returns>The class code. The programming interface is 0 if only 4 digits are given.</returns>
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
            $"'{text[..int.Min(text.Length, 40)]}' is not a PCI class code; use 4 or 6 hexadecimal "
            + $"digits: 0200, 010802");

    /// <summary>Parses a class code. Does not throw if the text is not one.</summary>
    /// <param name="text">
    /// 4 or 6 hexadecimal digits, either case, with or without <c>0x</c>; no white space around them.
    /// </param>
    /// <param name="code">The class code; 000000 if the text is not one.</param>
    /// <returns>Whether <paramref name="text"/> is a class code.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out PciClassCode code) =>
        TryParse(text.AsSpan(), out code);

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

    static bool IParsable<PciClassCode>.TryParse(string? s, IFormatProvider? provider, out PciClassCode result) =>
        TryParse(s, out result);

    static PciClassCode ISpanParsable<PciClassCode>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    static bool ISpanParsable<PciClassCode>.TryParse(
        ReadOnlySpan<char> s, IFormatProvider? provider, out PciClassCode result) =>
        TryParse(s, out result);

    /// <summary>Formats all six digits, as in sysfs: <c>010802</c>.</summary>
    /// <returns>Six lower-case hexadecimal digits, which <see cref="Parse(string)"/> parses to the same code.</returns>
    public override string ToString() => Value.ToString("x6", CultureInfo.InvariantCulture);

    /// <summary>Formats base class and subclass, as <c>lspci -nn</c> prints them in brackets: <c>0108</c>.</summary>
    /// <returns>Four lower-case hexadecimal digits, without the programming interface.</returns>
    public string ToShortString() => (Value >> 8).ToString("x4", CultureInfo.InvariantCulture);

    // Parses the leading 2, 4 or 6 digits of a class code, with or without 0x. A filter accepts any of them, a class
    // code at least 4.
    internal static bool TryParsePrefix(ReadOnlySpan<char> text, out uint value, out int digits)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            text = text[2..];
        }

        value = 0;
        digits = text.Length;
        return digits is 2 or 4 or 6
            && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
