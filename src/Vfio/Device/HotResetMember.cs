using Vfio.Pci;

namespace Vfio;

/// <summary>Represents a device that is open in this program and takes part in a reset of its bus.</summary>
/// <param name="Address">The device's PCI address.</param>
/// <param name="Backend">The backend of the device.</param>
/// <param name="OnReset">Called after the reset: maps memory again that did not answer during it.</param>
internal readonly record struct HotResetMember(PciAddress? Address, IDeviceBackend Backend, Action OnReset);
