namespace Vfio;

/// <summary>
/// Explains why a node could not be opened, in words, and as the reason that decides whether another backend is tried.
/// </summary>
internal static class NodeErrors
{
    public const string Iommufd = "/dev/iommu";

    /// <param name="host">The host.</param>
    /// <param name="path">The path of the node that was opened.</param>
    /// <param name="node">The name of the node on the host.</param>
    /// <param name="numberFile">The path of its <c>dev</c> file in sysfs.</param>
    /// <param name="errno">The error.</param>
    /// <param name="device">The device that the node belongs to, directly or through its group.</param>
    /// <param name="hint">What to do if nothing is wrong with the node itself.</param>
    public static VfioException Explain(
        HostRoot host,
        string path,
        string node,
        string numberFile,
        int errno,
        IHostDevice? device = null,
        string? hint = null)
    {
        if (errno != Errno.EBUSY && NodeTrouble.HintFor(host, node, numberFile, errno) is string trouble)
        {
            return new VfioException("open", path, errno, trouble) { Reason = VfioErrorReason.NodeUnusable };
        }

        VfioErrorReason reason = errno switch
        {
            Errno.EACCES or Errno.EPERM =>
                node == Iommufd ? VfioErrorReason.IommufdDenied : VfioErrorReason.AccessDenied,
            Errno.EBUSY => VfioErrorReason.Busy,
            Errno.ENOENT or Errno.ENODEV => VfioErrorReason.NodeMissing,
            _ => VfioErrorReason.Other,
        };
        if (hint is null && reason == VfioErrorReason.AccessDenied && device is not null)
        {
            hint = $"the device belongs to another user: {device.HowToShare(node)}";
        }

        return new VfioException("open", path, errno, hint) { Reason = reason, Device = device?.Name };
    }

    public static string IommufdIsRoots(string path) =>
        $"only root and users of a bound device can open {path}; type1v2 needs only the node of the IOMMU group";
}
