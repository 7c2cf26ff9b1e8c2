using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>A transfer that the IOMMU stopped: no byte of it was moved.</summary>
/// <param name="Device">Which device tried.</param>
/// <param name="Iova">The address it used; the IOMMU tells the page of it.</param>
/// <param name="Access">What it tried.</param>
/// <param name="Reason">Why it was stopped, in the words of the kernel or the model.</param>
/// <param name="Mapping">What the ledger has there: memory that does not allow it, or that was mapped there before; <see langword="null"/> where nothing was.</param>
public sealed record DmaFault(PciAddress Device, Iova Iova, DmaAccess Access, string Reason, DmaMappingInfo? Mapping)
{
    /// <summary>In a line: <c>0000:00:03.0 may not write 0x10000: PTE Write access is not set (there: …)</c>.</summary>
    /// <returns>Device, address, reason and buffer.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Device} may not {DmaMappingInfo.DescribeAccess(Access)} {Iova}: {Reason}{(Mapping is null ? "" : $" (there: {Mapping})")}");
}
