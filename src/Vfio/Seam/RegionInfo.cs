using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Describes a region as the kernel reports it: its length, what can be done with it, and which parts of it can be
/// mapped.
/// </summary>
/// <remarks>
/// A snapshot that holds no handle and can be kept after the device is closed. Source: <c>struct vfio_region_info</c>.
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

    /// <summary>Gets the length in bytes; 0 if the device does not implement it.</summary>
    public ulong Length { get; }

    /// <summary>Gets whether the device implements the region.</summary>
    public bool IsImplemented => Length != 0;

    /// <summary>Gets whether the region can be read.</summary>
    public bool CanRead { get; }

    /// <summary>Gets whether the region can be written; a ROM cannot.</summary>
    public bool CanWrite { get; }

    /// <summary>
    /// Gets the parts that can be mapped into this process, in ascending order; empty for configuration space, an
    /// I/O-port BAR, or a BAR smaller than a page. The other parts are accessed through the file descriptor.
    /// </summary>
    public IReadOnlyList<MappableArea> MappableAreas { get; }

    /// <summary>
    /// Gets what a region after <see cref="RegionIndex.Vga"/> is, which its number does not tell
    /// (<c>VFIO_REGION_INFO_CAP_TYPE</c>); <see langword="null"/> for the others.
    /// </summary>
    public RegionType? Type { get; internal init; }

    /// <summary>
    /// Gets whether the parts that can be mapped include the page of the MSI-X table
    /// (<c>VFIO_REGION_INFO_CAP_MSIX_MAPPABLE</c>, Linux 4.16). The kernel owns the table, so a driver must not write
    /// it.
    /// </summary>
    public bool IsMsixMappable { get; internal init; }

    /// <summary>Gets the offset of the region in the file of the device descriptor.</summary>
    internal ulong FileOffset { get; }
}

/// <summary>Represents a part of a region that can be mapped (<c>struct vfio_region_sparse_mmap_area</c>).</summary>
public readonly record struct MappableArea
{
    /// <summary>Creates a value.</summary>
    /// <param name="offset">The offset in the region in bytes; a multiple of the page size.</param>
    /// <param name="length">The length in bytes.</param>
    public MappableArea(ulong offset, ulong length)
    {
        Offset = offset;
        Length = length;
    }

    /// <summary>Gets the offset in the region in bytes; a multiple of the page size.</summary>
    public ulong Offset { get; init; }

    /// <summary>Gets the length in bytes.</summary>
    public ulong Length { get; init; }
}
