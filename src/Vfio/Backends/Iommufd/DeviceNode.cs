namespace Vfio;

/// <summary>
/// Finds a device's own node, <c>/dev/vfio/devices/vfioN</c>. The kernel assigns the number when the device is bound,
/// and sysfs reports it.
/// </summary>
internal static class DeviceNode
{
    // devtmpfs creates the node together with the device; udev, if it does it, a moment later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    /// <summary>Finds the node.</summary>
    /// <param name="host">The host.</param>
    /// <param name="device">The bound device.</param>
    /// <param name="isPatient">Whether to wait for a node that is in sysfs but not yet in <c>/dev</c>.</param>
    /// <returns>The path; <see langword="null"/> if the kernel has no node for the device.</returns>
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
