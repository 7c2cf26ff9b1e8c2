using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop.Uapi;

namespace Vfio.Interop;

/// <summary>The ioctls of a VFIO group descriptor that take more than a number.</summary>
internal static unsafe class GroupIoctl
{
    public static VfioUapi.vfio_group_status GetStatus(SafeFileHandle group, string subject)
    {
        VfioUapi.vfio_group_status status = new() { argsz = (uint)sizeof(VfioUapi.vfio_group_status) };
        if (Libc.Ioctl(group, VfioUapi.VFIO_GROUP_GET_STATUS, &status) < 0)
        {
            throw new VfioException("VFIO_GROUP_GET_STATUS", subject, Marshal.GetLastPInvokeError());
        }

        return status;
    }

    /// <returns>The errno, 0 where it worked.</returns>
    public static int SetContainer(SafeFileHandle group, SafeFileHandle container)
    {
        bool held = false;
        try
        {
            container.DangerousAddRef(ref held);
            int fd = (int)container.DangerousGetHandle();
            return Libc.Ioctl(group, VfioUapi.VFIO_GROUP_SET_CONTAINER, ref fd) < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        finally
        {
            if (held)
            {
                container.DangerousRelease();
            }
        }
    }
}
