namespace Vfio;

/// <summary>Why a node could not be opened: in words, and as the reason by which another way is tried.</summary>
internal static class NodeErrors
{
    public const string Iommufd = "/dev/iommu";

    /// <param name="host">The host.</param>
    /// <param name="path">The node's path, as it was opened.</param>
    /// <param name="node">The node, as the host calls it.</param>
    /// <param name="numberFile">The path of its <c>dev</c> file in sysfs.</param>
    /// <param name="errno">Why not.</param>
    /// <param name="device">The device whose node it is, or whose group's.</param>
    /// <param name="hint">What to do, where nothing is wrong with the node itself.</param>
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
