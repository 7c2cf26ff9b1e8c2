using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents a device and its place in the tree.</summary>
/// <param name="Info">The device.</param>
/// <param name="Parent">The device that it is drawn below: the bridge above it, or the physical function of a virtual
/// function.</param>
/// <param name="RootBus">The root bus, as sanitized text.</param>
/// <param name="IsVirtual">Whether it is a virtual function of its parent.</param>
/// <param name="Link">The link that the device reports.</param>
internal sealed record PlacedDevice(
    PciDeviceInfo Info, PciAddress? Parent, string RootBus, bool IsVirtual, PciLink? Link)
{
    public PciAddress Address => Info.Address;
}
