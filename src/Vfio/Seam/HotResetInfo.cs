using Vfio.Pci;

namespace Vfio;

/// <summary>Describes what a reset of a device's bus affects, as the kernel reports it.</summary>
/// <param name="TellsOwners">
/// Whether the IDs identify the owners of the devices; if not, they are IOMMU groups, whose ownership has to be proved.
/// </param>
/// <param name="OwnsAll">
/// Whether the kernel reports that the caller owns all of them; only valid with TellsOwners.
/// </param>
/// <param name="Devices">The devices, including this one.</param>
internal sealed record HotResetInfo(bool TellsOwners, bool OwnsAll, IReadOnlyList<HotResetEntry> Devices);

/// <summary>Represents a device that a bus reset affects.</summary>
/// <param name="Address">The device's PCI address; <see langword="null"/> for a device model without one.</param>
/// <param name="Group">Its IOMMU group; <see langword="null"/> if the kernel reports owners instead.</param>
/// <param name="IsOwned">Whether the kernel reports that the caller owns it.</param>
/// <param name="IsOpen">Whether the kernel reports that the caller has it open.</param>
internal readonly record struct HotResetEntry(PciAddress? Address, uint? Group, bool IsOwned, bool IsOpen);
