namespace Vfio;

/// <summary>
/// A device's own node, <c>/dev/vfio/devices/vfioN</c>; the kernel gives the number at the bind, sysfs tells it.
/// </summary>
internal static class DeviceNode
{
    // devtmpfs makes the node with the device; where udev does, a moment later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    /// <summary>The node; null if the kernel has none for the device.</summary>
    /// <param name="host">Where nodes are.</param>
    /// <param name="device">The device, bound.</param>
    /// <param name="isPatient">Whether to wait for a node that sysfs has and <c>/dev</c> has not yet.</param>
    public static string? Find(HostRoot host, IHostDevice device, bool isPatient)
    {
        // A device without an IOMMU is in sysfs too, but has no node.
        string? name = Array.Find(
            SysfsFile.Names(device.Attribute("vfio-dev")), name => name.StartsWith("vfio", StringComparison.Ordinal));
        if (name is null)
        {
            return null;
        }

        string path = host.Combine($"dev/vfio/devices/{name}");
        for (TimeSpan waited = TimeSpan.Zero; !Exists(path); waited += Step)
        {
            if (!isPatient || waited >= Patience || !Exists(host.Combine("dev/iommu")))
            {
                return null;
            }

            Thread.Sleep(Step);
        }

        return path;
    }

    private static bool Exists(string path) => FileStatus.Of(path) is not null;
}
