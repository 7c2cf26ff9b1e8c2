using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>A device and its place.</summary>
/// <param name="Info">The device.</param>
/// <param name="Parent">What it is drawn below: the bridge above it, or a virtual function's physical one.</param>
/// <param name="RootBus">The root bus, clean.</param>
/// <param name="IsVirtual">Whether it is a virtual function of its parent.</param>
/// <param name="Link">What it says of its link.</param>
internal sealed record PlacedDevice(PciDeviceInfo Info, PciAddress? Parent, string RootBus, bool IsVirtual, PciLink? Link)
{
    public PciAddress Address => Info.Address;
}
