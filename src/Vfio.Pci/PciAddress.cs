using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Vfio.Pci;

/// <summary>
/// The address of a PCI function: domain, bus, device and function, written <c>0000:00:14.3</c> as by the kernel and
/// <c>lspci -D</c>.
/// </summary>
/// <remarks>
/// The value does not say whether such a device exists. Addresses are ordered as the bus is scanned. The ranges are
/// those of PCI Express Base Specification 6.0, section 2.2.4.2 (8-bit bus, 5-bit device, 3-bit function). The domain
/// is Linux's: 16 bits if it comes from the firmware, and up to 32 if a virtual root complex makes it up.
/// </remarks>
public readonly record struct PciAddress : IComparable<PciAddress>, ISpanParsable<PciAddress>
{
    /// <summary>The highest device number on a bus.</summary>
    public const int MaxDevice = 31;

    /// <summary>The highest function number of a device.</summary>
    public const int MaxFunction = 7;

    /// <summary>Creates an address from its parts.</summary>
    /// <param name="domain">The PCI domain (segment), any value.</param>
    /// <param name="bus">The bus number, 0 to 255.</param>
    /// <param name="device">The device number on the bus, 0 to 31.</param>
    /// <param name="function">The function of the device, 0 to 7.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="device"/> or <paramref name="function"/> is out of range.
    /// </exception>
    public PciAddress(uint domain, byte bus, byte device, byte function)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(device, MaxDevice);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(function, MaxFunction);
        Domain = domain;
        Bus = bus;
        Device = device;
        Function = function;
    }

    /// <summary>Gets the PCI domain (segment group); 0 on most machines.</summary>
    public uint Domain { get; }

    /// <summary>Gets the bus number, 0 to 255.</summary>
    public byte Bus { get; }

    /// <summary>Gets the device number, 0 to 31.</summary>
    public byte Device { get; }

    /// <summary>Gets the function number, 0 to 7.</summary>
    public byte Function { get; }

    /// <summary>Parses an address: <c>0000:00:14.3</c>, or <c>00:14.3</c> in domain 0.</summary>
    /// <param name="text">Hexadecimal digits, either case; no white space around them.</param>
    /// <returns>The address.</returns>
    /// <exception cref="FormatException"><paramref name="text"/> is not a PCI address.</exception>
    public static PciAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text.AsSpan());
    }

    /// <inheritdoc cref="Parse(string)"/>
    public static PciAddress Parse(ReadOnlySpan<char> text) => TryParse(text, out PciAddress address)
        ? address
        : throw new FormatException(
            $"'{Shorten(text)}' is not a PCI address; use the form 0000:00:14.3 (domain:bus:device.function)");

    /// <summary>Parses an address. Does not throw if the text is not one.</summary>
    /// <param name="text">Hexadecimal digits, either case; no white space around them.</param>
    /// <param name="address">The address; 0000:00:00.0 if the text is not one.</param>
    /// <returns>Whether <paramref name="text"/> is a PCI address.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out PciAddress address) =>
        TryParse(text.AsSpan(), out address);

    /// <inheritdoc cref="TryParse(string?, out PciAddress)"/>
    public static bool TryParse(ReadOnlySpan<char> text, out PciAddress address)
    {
        address = default;
        uint domain = 0;
        int colon = text.IndexOf(':');
        if (colon >= 0 && text[(colon + 1)..].Contains(':'))
        {
            if (!TryHex(text[..colon], minDigits: 4, maxDigits: 8, out domain))
            {
                return false;
            }

            text = text[(colon + 1)..];
        }

        if (text.Length != 7 || text[2] != ':' || text[5] != '.'
            || !TryHex(text[..2], 2, 2, out uint bus)
            || !TryHex(text[3..5], 2, 2, out uint device) || device > MaxDevice
            || !TryHex(text[6..], 1, 1, out uint function) || function > MaxFunction)
        {
            return false;
        }

        address = new PciAddress(domain, (byte)bus, (byte)device, (byte)function);
        return true;
    }

    static PciAddress IParsable<PciAddress>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<PciAddress>.TryParse(string? s, IFormatProvider? provider, out PciAddress result) =>
        TryParse(s, out result);

    static PciAddress ISpanParsable<PciAddress>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    static bool ISpanParsable<PciAddress>.TryParse(
        ReadOnlySpan<char> s, IFormatProvider? provider, out PciAddress result) =>
        TryParse(s, out result);

    /// <summary>Orders by domain, bus, device, function.</summary>
    /// <param name="other">The address to compare with.</param>
    /// <returns>
    /// Negative, zero or positive, as this address comes before, equals or comes after <paramref name="other"/>.
    /// </returns>
    public int CompareTo(PciAddress other) => Key.CompareTo(other.Key);

    /// <summary>Gets whether the left address comes before the right one.</summary>
    public static bool operator <(PciAddress left, PciAddress right) => left.Key < right.Key;

    /// <summary>Gets whether the left address comes after the right one.</summary>
    public static bool operator >(PciAddress left, PciAddress right) => left.Key > right.Key;

    /// <summary>Gets whether the left address comes before the right one, or is the same.</summary>
    public static bool operator <=(PciAddress left, PciAddress right) => left.Key <= right.Key;

    /// <summary>Gets whether the left address comes after the right one, or is the same.</summary>
    public static bool operator >=(PciAddress left, PciAddress right) => left.Key >= right.Key;

    /// <summary>
    /// Formats the address as the kernel does, <c>0000:00:14.3</c>, which is the name of its folder in sysfs.
    /// </summary>
    /// <returns>Domain (at least 4 digits), bus, device and function in lower-case hexadecimal.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Domain:x4}:{Bus:x2}:{Device:x2}.{Function}");

    private ulong Key => ((ulong)Domain << 16) | ((ulong)Bus << 8) | ((ulong)Device << 3) | Function;

    private static bool TryHex(ReadOnlySpan<char> digits, int minDigits, int maxDigits, out uint value)
    {
        value = 0;
        return digits.Length >= minDigits && digits.Length <= maxDigits
            && uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    // Messages quote what a user typed, but not more of it than fits a line.
    private static string Shorten(ReadOnlySpan<char> text) => text.Length <= 40 ? text.ToString() : $"{text[..40]}…";
}
