using Vfio.Pci;

namespace Vfio;

/// <summary>A stopped transfer, as the IOMMU told it.</summary>
internal readonly record struct IommuFault(PciAddress? Device, ulong Iova, DmaAccess Access, string Reason);
