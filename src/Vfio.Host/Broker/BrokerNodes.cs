using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>Opens the two nodes of a device, as <c>open(2)</c> returns them: nothing is asked of them here.</summary>
internal sealed class BrokerNodes(HostRoot host, SystemCalls calls)
{
    /// <summary>Opens a device's nodes.</summary>
    /// <param name="device">The device, with a VFIO driver and a group.</param>
    /// <param name="backend">Which nodes.</param>
    /// <param name="files">The device's or group's, then the iommufd or container; the caller's.</param>
    /// <returns>Why not; <see langword="null"/> where both are open.</returns>
    public BrokerRefusal? Open(PciDeviceInfo device, BrokerBackend backend, out SafeFileHandle[] files)
    {
        files = [];
        string? node = backend == BrokerBackend.Iommufd ? DeviceNode.Find(host, device, isPatient: false) : host.Combine($"dev/vfio/{device.IommuGroup}");
        if (node is null)
        {
            return new BrokerRefusal(BrokerRefusalCode.Failed, "the device has no node of its own under /dev/vfio/devices (Linux 6.6, CONFIG_VFIO_DEVICE_CDEV)");
        }

        // The device's first: of a group that is open elsewhere, that is the one that says so.
        int errno = calls.Open(node, Libc.O_RDWR, out SafeFileHandle first);
        if (errno != 0)
        {
            return Explain(device, node, errno);
        }

        string context = host.Combine(backend == BrokerBackend.Iommufd ? "dev/iommu" : "dev/vfio/vfio");
        errno = calls.Open(context, Libc.O_RDWR, out SafeFileHandle second);
        if (errno != 0)
        {
            first.Dispose();
            return Explain(device, context, errno);
        }

        files = [first, second];
        return null;
    }

    private static BrokerRefusal Explain(PciDeviceInfo device, string node, int errno) => errno switch
    {
        Errno.EBUSY => new(BrokerRefusalCode.Busy, $"{node} is open elsewhere, by a program that did not ask the broker or that gave its descriptor away"),
        Errno.EACCES or Errno.EPERM => new(BrokerRefusalCode.Failed, $"the broker itself may not open {node}: give it to the broker's user (vfio bind --user vfio-broker {device.Address}; docs/broker.md)"),
        _ => new(BrokerRefusalCode.Failed, $"open of {node}: {ErrnoNames.Describe(errno)}"),
    };
}
