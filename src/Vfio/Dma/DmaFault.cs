using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>Represents a transfer that the IOMMU stopped. No byte of it was transferred.</summary>
public sealed record DmaFault
{
    /// <summary>
    /// Gets the address of the device that made the access; <see langword="null"/> for a device model without one.
    /// </summary>
    public required PciAddress? Device { get; init; }

    /// <summary>Gets the IOVA that the device accessed; the IOMMU reports only its page.</summary>
    public required Iova Iova { get; init; }

    /// <summary>Gets the kind of access.</summary>
    public required DmaAccess Access { get; init; }

    /// <summary>Gets why it was blocked, in the words of the kernel or the device model.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// Gets the mapping in the ledger at this address: memory that does not allow the access, or that was mapped there
    /// before; <see langword="null"/> if there was none.
    /// </summary>
    public required DmaMappingInfo? Mapping { get; init; }

    /// <summary>
    /// Returns the fault in one line: <c>0000:00:03.0 may not write 0x10000: PTE Write access is not set (there:
    /// …)</c>.
    /// </summary>
    /// <returns>The device, address, reason and mapping.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Device?.ToString() ?? "the device model"} may not {DmaMappingInfo.DescribeAccess(Access)} {Iova}: "
        + $"{Reason}{(Mapping is null ? "" : $" (there: {Mapping})")}");
}
