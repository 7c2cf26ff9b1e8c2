using Vfio.Pci;

namespace Vfio;

/// <summary>A range of addresses that a PCI device answers to, as the kernel assigned it.</summary>
public sealed record PciResource
{
    /// <summary>Gets what it is.</summary>
    public required PciResourceRole Role { get; init; }

    /// <summary>Gets which of that role, from 0.</summary>
    public required int Number { get; init; }

    /// <summary>Gets where it starts, as the processor sees it; 0 if the kernel assigned none.</summary>
    public required ulong Address { get; init; }

    /// <summary>Gets how many bytes; 0 if that is unknown, because the kernel found no room for it.</summary>
    public required ulong Length { get; init; }

    /// <summary>Memory of 32 or 64 bits, or I/O ports.</summary>
    public required PciBaseAddressKind Kind { get; init; }

    /// <summary>Gets whether reads have no side effects, as the device says.</summary>
    public required bool IsPrefetchable { get; init; }

    // Flags of include/linux/ioport.h.
    private const ulong IsPort = 0x100;
    private const ulong IsMemory = 0x200;
    private const ulong Prefetchable = 0x2000;
    private const ulong Is64Bit = 0x100000;
    private const ulong Unassigned = 0x20000000;

    private const int Bars = 6;
    private const int RomLine = 6;
    private const int Windows = 4;

    /// <summary>Its name: <c>bar0</c>, <c>rom</c>, <c>vf-bar0</c>, <c>window0</c>.</summary>
    public string Name => Role switch
    {
        PciResourceRole.Bar => $"bar{Number}",
        PciResourceRole.Rom => "rom",
        PciResourceRole.VirtualFunctionBar => $"vf-bar{Number}",
        _ => $"window{Number}",
    };

    /// <summary>
    /// Finds the base address registers that a device has although the kernel does not list them, because it found no
    /// room for them, as for a large BAR of a device that is plugged in. Their type bits in configuration space show
    /// that they are there; a 32-bit memory BAR that is not prefetchable has none, and is not found.
    /// </summary>
    /// <param name="header">The device's configuration header, as sysfs has it: VFIO shows such registers as 0.</param>
    /// <param name="known">The ranges that the kernel lists.</param>
    /// <returns>The registers, without address and length.</returns>
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
    /// Reads the lines of <c>resource</c>: first and last address and flags of BARs, ROM, then SR-IOV's BARs or a
    /// bridge's windows.
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

/// <summary>What a range of addresses is.</summary>
public enum PciResourceRole
{
    /// <summary>A base address register.</summary>
    Bar,

    /// <summary>The expansion ROM.</summary>
    Rom,

    /// <summary>A base address register of all virtual functions together (SR-IOV).</summary>
    VirtualFunctionBar,

    /// <summary>What a bridge passes on: I/O ports, memory, prefetchable memory.</summary>
    Window,
}
