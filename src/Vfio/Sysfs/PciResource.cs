using Vfio.Pci;

namespace Vfio;

/// <summary>Represents a range of addresses that a PCI device decodes, as the kernel assigned it.</summary>
public sealed record PciResource
{
    /// <summary>Gets the role of the range.</summary>
    public required PciResourceRole Role { get; init; }

    /// <summary>Gets its number within the role, from 0.</summary>
    public required int Number { get; init; }

    /// <summary>Gets the start, as the processor sees it; 0 if the kernel assigned none.</summary>
    public required ulong Address { get; init; }

    /// <summary>
    /// Gets the length in bytes; 0 if it is unknown, because the kernel found no space for the range.
    /// </summary>
    public required ulong Length { get; init; }

    /// <summary>Gets whether it is memory of 32 or 64 bits, or I/O ports.</summary>
    public required PciBaseAddressKind Kind { get; init; }

    /// <summary>Gets whether the device reports that reads have no side effects.</summary>
    public required bool IsPrefetchable { get; init; }

    // The flags in include/linux/ioport.h.
    private const ulong IsPort = 0x100;
    private const ulong IsMemory = 0x200;
    private const ulong Prefetchable = 0x2000;
    private const ulong Is64Bit = 0x100000;
    private const ulong Unassigned = 0x20000000;

    private const int Bars = 6;
    private const int RomLine = 6;
    private const int Windows = 4;

    /// <summary>Gets the name: <c>bar0</c>, <c>rom</c>, <c>vf-bar0</c>, <c>window0</c>.</summary>
    public string Name => Role switch
    {
        PciResourceRole.Bar => $"bar{Number}",
        PciResourceRole.Rom => "rom",
        PciResourceRole.VirtualFunctionBar => $"vf-bar{Number}",
        _ => $"window{Number}",
    };

    /// <summary>
    /// Finds the BARs that the kernel does not list because it found no space for them, such as a large BAR of a device
    /// that was plugged in. Their type bits in configuration space show that they exist; a 32-bit memory BAR that is
    /// not prefetchable has none set, and is not found.
    /// </summary>
    /// <param name="header">The device's configuration header, as sysfs reports it: VFIO shows such BARs as 0.</param>
    /// <param name="known">The ranges that the kernel lists.</param>
    /// <returns>The BARs, without address and length.</returns>
    public static IReadOnlyList<PciResource> FindUnassigned(PciConfigHeader header, IReadOnlyList<PciResource> known)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(known);
        return header.IsAbsent ? [] : [.. header.BaseAddresses
            .Where(bar => (bar.Kind != PciBaseAddressKind.Memory32 || bar.IsPrefetchable)
                && !known.Any(resource => resource.Role == PciResourceRole.Bar && resource.Number == (int)bar.Index))
            .Select(bar => new PciResource
            {
                Role = PciResourceRole.Bar,
                Number = (int)bar.Index,
                Address = 0,
                Length = 0,
                Kind = bar.Kind,
                IsPrefetchable = bar.IsPrefetchable,
            })];
    }

    /// <summary>
    /// Parses the lines of <c>resource</c>: first and last address and flags, of BARs and ROM, then of the BARs of
    /// SR-IOV or the windows of a bridge.
    /// </summary>
    internal static IReadOnlyList<PciResource> ReadAll(string? text, bool isBridge)
    {
        string[] lines = (text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        List<PciResource> resources = [];
        for (int i = 0; i < lines.Length; i++)
        {
            string[] fields = lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 3
                || !HexText.TryParse(fields[0], out ulong first)
                || !HexText.TryParse(fields[1], out ulong last)
                || !HexText.TryParse(fields[2], out ulong flags)
                || (flags & (IsPort | IsMemory)) == 0
                || last < first
                || (first == 0 && last == 0))
            {
                continue;
            }

            (PciResourceRole role, int number) = i < Bars ? (PciResourceRole.Bar, i)
                : i == RomLine ? (PciResourceRole.Rom, 0)
                : isBridge && i >= lines.Length - Windows ? (PciResourceRole.Window, i - (lines.Length - Windows))
                : (PciResourceRole.VirtualFunctionBar, i - RomLine - 1);
            PciBaseAddressKind kind = (flags & IsPort) != 0 ? PciBaseAddressKind.Io
                : (flags & Is64Bit) != 0 ? PciBaseAddressKind.Memory64
                : PciBaseAddressKind.Memory32;
            ulong address = (flags & Unassigned) != 0 ? 0 : first;
            resources.Add(new PciResource
            {
                Role = role,
                Number = number,
                Address = address,
                Length = last - first + 1,
                Kind = kind,
                IsPrefetchable = (flags & Prefetchable) != 0,
            });
        }

        return resources;
    }
}

/// <summary>Specifies the role of a range of addresses.</summary>
public enum PciResourceRole
{
    /// <summary>A base address register (BAR).</summary>
    Bar,

    /// <summary>The expansion ROM.</summary>
    Rom,

    /// <summary>A BAR of all virtual functions together (SR-IOV).</summary>
    VirtualFunctionBar,

    /// <summary>A window that a bridge forwards: I/O ports, memory, prefetchable memory.</summary>
    Window,
}
