using Vfio.Pci;

namespace Vfio;

/// <summary>A device that this program has open and that takes part in a reset of its bus.</summary>
/// <param name="Address">The device's PCI address.</param>
/// <param name="Backend">How it is reached.</param>
/// <param name="OnReset">Done after the reset: maps again what did not answer meanwhile.</param>
internal readonly record struct HotResetMember(PciAddress? Address, IDeviceBackend Backend, Action OnReset);
