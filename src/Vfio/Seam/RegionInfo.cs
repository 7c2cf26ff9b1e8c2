using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Describes a region as the kernel reports it: its length, what may be done with it, and which parts of it may be
/// mapped.
/// </summary>
/// <remarks>
/// A snapshot, free of any handle; safe to keep after the device is closed. Source: <c>struct vfio_region_info</c>.
/// </remarks>
public sealed class RegionInfo
{
    internal RegionInfo(
        RegionIndex index,
        ulong length,
        bool canRead,
        bool canWrite,
        IReadOnlyList<MappableArea> mappableAreas,
        ulong fileOffset)
    {
        Index = index;
        Length = length;
        CanRead = canRead;
        CanWrite = canWrite;
        MappableAreas = mappableAreas;
        FileOffset = fileOffset;
    }

    /// <summary>Gets the index of the region.</summary>
    public RegionIndex Index { get; }

    /// <summary>The region's length in bytes; 0 if the device does not implement it.</summary>
    public ulong Length { get; }

    /// <summary>Gets whether the device implements the region.</summary>
    public bool IsImplemented => Length != 0;

    /// <summary>Gets whether the region can be read.</summary>
    public bool CanRead { get; }

    /// <summary>Gets whether the region can be written; a ROM cannot.</summary>
    public bool CanWrite { get; }

    /// <summary>
    /// The parts that may be mapped into this process, ascending; empty for configuration space, an I/O-port BAR, or a
    /// BAR smaller than a page. What lies outside them is reached through the file descriptor.
    /// </summary>
    public IReadOnlyList<MappableArea> MappableAreas { get; }

    /// <summary>
    /// What a region beyond <see cref="RegionIndex.Vga"/> is, which its number does not say
    /// (<c>VFIO_REGION_INFO_CAP_TYPE</c>); <see langword="null"/> for the others.
    /// </summary>
    public RegionType? Type { get; internal init; }

    /// <summary>
    /// Whether the page of the MSI-X table is among the parts that may be mapped
    /// (<c>VFIO_REGION_INFO_CAP_MSIX_MAPPABLE</c>, Linux 4.16). Writing the table there has no effect that a driver
    /// wants: the kernel owns it.
    /// </summary>
    public bool IsMsixMappable { get; internal init; }

    /// <summary>Gets where the region starts in the device descriptor's file.</summary>
    internal ulong FileOffset { get; }
}

/// <summary>A part of a region that may be mapped (<c>struct vfio_region_sparse_mmap_area</c>).</summary>
public readonly record struct MappableArea
{
    /// <summary>Creates a value.</summary>
    /// <param name="offset">Bytes from the region's start; a multiple of the page size.</param>
    /// <param name="length">Bytes.</param>
    public MappableArea(ulong offset, ulong length)
    {
        Offset = offset;
        Length = length;
    }

    /// <summary>Bytes from the region's start; a multiple of the page size.</summary>
    public ulong Offset { get; init; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; init; }
}
