using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The kernel has not completed a change of a device, and a child process is blocked in it. Until that ends, nothing
/// else may be done to the device.
/// </summary>
internal sealed class ChangePendingException(PciAddress device, string operation, string reason, string hint)
    : VfioException(operation, device.ToString(), reason, hint)
{
    public PciAddress Address { get; } = device;
}
