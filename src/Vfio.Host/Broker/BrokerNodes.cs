using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>Opens the two nodes of a device, and does nothing else with them.</summary>
internal sealed class BrokerNodes(HostRoot host, SystemCalls calls)
{
    /// <summary>Opens a device's nodes.</summary>
    /// <param name="device">The device, bound to a VFIO driver and in a group.</param>
    /// <param name="backend">The kind of nodes.</param>
    /// <param name="files">
    /// The device's or group's node, then the iommufd or container; the caller disposes them.
    /// </param>
    /// <returns>The reason for a failure; <see langword="null"/> if both are open.</returns>
    public BrokerRefusal? Open(PciDeviceInfo device, BrokerBackend backend, out SafeFileHandle[] files)
    {
        files = [];
        string? node = backend == BrokerBackend.Iommufd
            ? DeviceNode.Find(host, device, isPatient: false)
            : host.Combine($"dev/vfio/{device.IommuGroup}");
        if (node is null)
        {
            return new BrokerRefusal(
                BrokerRefusalCode.Failed,
                "the device has no node in /dev/vfio/devices (that needs Linux 6.6 with CONFIG_VFIO_DEVICE_CDEV)");
        }

        // The device's or group's node first, because it is the one that reports EBUSY if it is open elsewhere.
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
        Errno.EBUSY => new(
            BrokerRefusalCode.Busy,
            $"{node} is in use by a program that did not get it from the broker, or that received the "
            + $"descriptor from a client"),
        Errno.EACCES or Errno.EPERM => new(
            BrokerRefusalCode.Failed,
            $"the broker has no access to {node}; root can grant it: vfio bind --user vfio-broker "
            + $"{device.Address} (docs/broker.md)"),
        _ => new(BrokerRefusalCode.Failed, $"open of {node}: {ErrnoNames.Describe(errno)}"),
    };
}
