using Vfio.Pci;

namespace Vfio.Host;

/// <summary>The kernel has not completed a change of a device: a child process is blocked in it. Nothing more is to be done to the device until that ends.</summary>
internal sealed class ChangePendingException(PciAddress device, string operation, string reason, string hint)
    : VfioException(operation, device.ToString(), reason, hint)
{
    public PciAddress Address { get; } = device;
}
