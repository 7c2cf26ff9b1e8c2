using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>A transfer that the IOMMU stopped: no byte of it was moved.</summary>
public sealed record DmaFault
{
    /// <summary>
    /// Gets the address of the device that made the access; <see langword="null"/> for a device model without one.
    /// </summary>
    public required PciAddress? Device { get; init; }

    /// <summary>The address it used; the IOMMU tells the page of it.</summary>
    public required Iova Iova { get; init; }

    /// <summary>Gets the kind of access.</summary>
    public required DmaAccess Access { get; init; }

    /// <summary>Gets why it was blocked, in the words of the kernel or the device model.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// Gets what the ledger has there: memory that does not allow it, or that was mapped there before;
    /// <see langword="null"/> if nothing was.
    /// </summary>
    public required DmaMappingInfo? Mapping { get; init; }

    /// <summary>In a line: <c>0000:00:03.0 may not write 0x10000: PTE Write access is not set (there: …)</c>.</summary>
    /// <returns>Device, address, reason and buffer.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Device?.ToString() ?? "the device model"} may not {DmaMappingInfo.DescribeAccess(Access)} {Iova}: "
        + $"{Reason}{(Mapping is null ? "" : $" (there: {Mapping})")}");
}
