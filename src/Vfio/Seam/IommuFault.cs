using Vfio.Pci;

namespace Vfio;

/// <summary>Represents a stopped transfer, as the IOMMU reported it.</summary>
internal readonly record struct IommuFault(PciAddress? Device, ulong Iova, DmaAccess Access, string Reason);
