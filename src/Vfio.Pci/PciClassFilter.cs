using System.Diagnostics.CodeAnalysis;

namespace Vfio.Pci;

/// <summary>
/// Selects PCI functions by class, with a word such as <c>net</c>, <c>nvme</c> or <c>display</c>, or with the leading
/// digits of a class code.
/// </summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class PciClassFilter
{
    // Each word with the leading digits of its class codes. The sections of PCI Code and ID Assignment Specification
    // 1.12 are those of PciClass. The help text uses the same order.
    private static readonly PciClassFilter[] Known =
    [
        new("net", [(0x02, 2)]),
        new("storage", [(0x01, 2)]),
        new("sata", [(0x0106, 4)]),
        // the interface of NVMe drivers; 0108 also contains NVMHCI and vendor-specific ones
        new("nvme", [(0x010802, 6)]),
        new("display", [(0x03, 2)]),
        new("audio", [(0x0401, 4), (0x0403, 4)]),
        new("multimedia", [(0x04, 2)]),
        new("memory", [(0x05, 2)]),
        new("bridge", [(0x06, 2)]),
        new("serial", [(0x0700, 4), (0x0702, 4)]), // UARTs; the "serial bus" of class 0C is something else
        new("usb", [(0x0c03, 4)]),
        new("crypto", [(0x10, 2)]),
        // QuickAssist and similar devices report 0B40, "co-processor"
        new("accelerator", [(0x12, 2), (0x0b40, 4), (0x40, 2)]),
    ];

    // The leading 2, 4 or 6 hexadecimal digits of a class code.
    private readonly (uint Value, int Digits)[] _prefixes;

    private PciClassFilter(string name, (uint Value, int Digits)[] prefixes)
    {
        Name = name;
        _prefixes = prefixes;
    }

    /// <summary>Gets the words that are understood, for help texts and shell completion.</summary>
    public static IReadOnlyList<string> Words { get; } = Array.AsReadOnly(
        Array.ConvertAll(Known, filter => filter.Name));

    /// <summary>Gets the word in lower case, or the digits as given.</summary>
    public string Name { get; }

    /// <summary>
    /// Parses a filter: a word of <see cref="Words"/>, or the leading 2, 4 or 6 hexadecimal digits of a class code.
    /// </summary>
    /// <param name="text">
    /// For example <c>net</c>, <c>02</c>, <c>0200</c>, <c>010802</c> or <c>0x0108</c>; either case, no white space
    /// around it.
    /// </param>
    /// <param name="filter">The filter; <see langword="null"/> if the text is not one.</param>
    /// <returns>Whether <paramref name="text"/> is a filter.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out PciClassFilter? filter)
    {
        foreach (PciClassFilter known in Known)
        {
            if (text.Equals(known.Name, StringComparison.OrdinalIgnoreCase))
            {
                filter = known;
                return true;
            }
        }

        filter = PciClassCode.TryParsePrefix(text, out uint value, out int digits)
            ? new PciClassFilter(text.ToString(), [(value, digits)])
            : null;
        return filter is not null;
    }

    /// <summary>Gets whether the filter selects functions of a class.</summary>
    /// <param name="code">The function's class code.</param>
    /// <returns>Whether it does.</returns>
    public bool Matches(PciClassCode code)
    {
        foreach ((uint value, int digits) in _prefixes)
        {
            if (code.Value >> (24 - (4 * digits)) == value)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gets the name of the filter.</summary>
    /// <returns><see cref="Name"/>.</returns>
    public override string ToString() => Name;
}
