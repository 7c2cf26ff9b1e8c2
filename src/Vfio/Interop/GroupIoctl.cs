using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Makes the ioctls of a VFIO group descriptor that take more than a number.</summary>
internal static class GroupIoctl
{
    public static VfioUapi.vfio_group_status GetStatus(SystemCalls calls, SafeFileHandle group, string subject)
    {
        VfioUapi.vfio_group_status status = new() { argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_group_status>() };
        int errno = calls.Ioctl("VFIO_GROUP_GET_STATUS", group, VfioUapi.VFIO_GROUP_GET_STATUS, ref status);
        return errno == 0 ? status : throw new VfioException("VFIO_GROUP_GET_STATUS", subject, errno);
    }

    /// <returns>The errno; 0 for success.</returns>
    public static int SetContainer(SystemCalls calls, SafeFileHandle group, SafeFileHandle container)
    {
        using HandleUse use = new(container);
        int fd = use.Number;
        return calls.Ioctl("VFIO_GROUP_SET_CONTAINER", group, VfioUapi.VFIO_GROUP_SET_CONTAINER, ref fd);
    }
}
