using Vfio.Pci;

namespace Vfio;

/// <summary>What a reset of a device's bus hits, as the kernel tells it.</summary>
/// <param name="TellsOwners">
/// Whether the IDs say who owns the devices; if not, they are IOMMU groups, whose ownership has to be proved.
/// </param>
/// <param name="OwnsAll">Whether the kernel says that the caller owns all of them; only where it tells owners.</param>
/// <param name="Devices">The devices, this one among them.</param>
internal sealed record HotResetInfo(bool TellsOwners, bool OwnsAll, IReadOnlyList<HotResetEntry> Devices);

/// <summary>A device that a bus reset hits.</summary>
/// <param name="Address">The device's PCI address; <see langword="null"/> for a device model without one.</param>
/// <param name="Group">Its IOMMU group; null if the kernel tells owners instead.</param>
/// <param name="IsOwned">Whether the kernel says that it is the caller's.</param>
/// <param name="IsOpen">Whether the kernel says that the caller has it open.</param>
internal readonly record struct HotResetEntry(PciAddress? Address, uint? Group, bool IsOwned, bool IsOpen);
