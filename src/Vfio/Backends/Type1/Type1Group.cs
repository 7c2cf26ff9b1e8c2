using Microsoft.Win32.SafeHandles;
using Vfio.Interop;
using Vfio.Interop.Uapi;
using Vfio.Sysfs;

namespace Vfio.Backends.Type1;

/// <summary>An IOMMU group, <c>/dev/vfio/N</c>: the smallest set of devices that can be given away. One program at a time has it open.</summary>
internal static class Type1Group
{
    public static SafeFileHandle Open(SystemCalls calls, HostRoot host, IHostDevice device, string node)
    {
        string path = host.Combine($"dev/vfio/{node}");
        int errno = calls.Open(path, Libc.O_RDWR, out SafeFileHandle group);
        return errno == 0 ? group : throw new VfioException("open", path, errno, errno switch
        {
            Errno.EBUSY => GroupTrouble.DescribeHolders(host, device),
            Errno.EPERM when node != $"{device.IommuGroup}" => "noiommu needs root (CAP_SYS_RAWIO)",
            _ when NodeTrouble.HintFor(host, $"/dev/vfio/{node}", NodeTrouble.OfGroup(host, node), errno) is string hint => hint,
            Errno.ENOENT => $"the group has no VFIO device: {device.HowToTake}",
            Errno.EACCES or Errno.EPERM => $"the group belongs to another user: {device.HowToShare($"/dev/vfio/{node}")}",
            _ => null,
        });
    }

    /// <summary>The kernel gives devices of a group away only when no host driver has any of them.</summary>
    public static void CheckViable(SystemCalls calls, SafeFileHandle group, HostRoot? host, int? number, string subject)
    {
        VfioUapi.vfio_group_status status = GroupIoctl.GetStatus(calls, group, subject);
        if ((status.flags & VfioUapi.VFIO_GROUP_FLAGS_VIABLE) == 0)
        {
            throw (host is not null && number is int known ? GroupTrouble.FindBlockers(host, known) : null) ?? new VfioException(
                "open", subject, "the group is not viable: a device in it belongs to a host driver", $"vfio groups shows what is in {subject}");
        }
    }

    public static void SetContainer(SystemCalls calls, SafeFileHandle group, SafeFileHandle container, string subject)
    {
        int errno = GroupIoctl.SetContainer(calls, group, container);
        if (errno != 0)
        {
            throw new VfioException("VFIO_GROUP_SET_CONTAINER", subject, errno, errno == Errno.EINVAL
                ? "the group is in another container already, or its addresses do not agree with what is mapped in this one"
                : null);
        }
    }

    public static SafeFileHandle GetDevice(SystemCalls calls, SafeFileHandle group, string subject, string device, string howToTake, Guid? token)
    {
        string name = token is Guid uuid ? $"{device} vf_token={uuid:D}" : device;
        int errno = calls.Ioctl("VFIO_GROUP_GET_DEVICE_FD", group, VfioUapi.VFIO_GROUP_GET_DEVICE_FD, name, out int fd);
        return errno == 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new VfioException(
            "VFIO_GROUP_GET_DEVICE_FD", $"{device} in {subject}", errno, errno switch
            {
                Errno.ENODEV => $"no VFIO driver has the device: {howToTake}",
                Errno.EACCES when token is not null => "the token is not the one that the physical function was given",
                Errno.EACCES => "the physical function is taken too and wants its token (VfioOpenOptions.VirtualFunctionToken), or the device cannot be powered up; the kernel's log (dmesg) says more",
                Errno.EINVAL when token is not null => "the device is no virtual function of a taken physical function: it wants no token",
                _ => null,
            });
    }
}
