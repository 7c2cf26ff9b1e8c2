using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop;
using Vfio.Interop.Uapi;

namespace Vfio.Backends.Type1;

/// <summary>An IOMMU group, <c>/dev/vfio/N</c>: the smallest set of devices that can be given away. One program at a time has it open.</summary>
internal static class Type1Group
{
    public static SafeFileHandle Open(HostRoot host, int number, PciDeviceInfo device)
    {
        string path = host.Combine($"dev/vfio/{number}");
        SafeFileHandle group = Libc.Open(path, Libc.O_RDWR | Libc.O_CLOEXEC);
        if (!group.IsInvalid)
        {
            return group;
        }

        int errno = Marshal.GetLastPInvokeError();
        group.Dispose();
        throw errno == Errno.EBUSY
            ? OpenElsewhere(host, path, number, device)
            : new VfioException("open", path, errno, errno switch
            {
                Errno.ENOENT => $"the group has no VFIO device: vfio bind {device.Address}",
                Errno.EACCES or Errno.EPERM => $"the group belongs to another user: sudo vfio bind --user $USER {device.Address}",
                _ => null,
            });
    }

    /// <summary>The kernel gives devices of a group away only when no host driver has any of them.</summary>
    public static void CheckViable(SafeFileHandle group, HostRoot host, int number)
    {
        VfioUapi.vfio_group_status status = GroupIoctl.GetStatus(group, $"group {number}");
        if ((status.flags & VfioUapi.VFIO_GROUP_FLAGS_VIABLE) != 0)
        {
            return;
        }

        IReadOnlyList<PciDeviceInfo> blockers = new PciBus(host).Group(number)?.Blockers() ?? [];
        string names = string.Join(", ", blockers.Select(blocker => $"{blocker.Address} ({blocker.Driver})"));
        throw new VfioException(
            "open",
            $"group {number}",
            blockers.Count == 0 ? "the group is not viable: a device in it belongs to a host driver"
                : $"the group is not viable: {names} in it still {(blockers.Count == 1 ? "belongs to a host driver" : "belong to host drivers")}",
            blockers.Count == 0 ? $"vfio groups shows what is in group {number}"
                : $"vfio bind --group {blockers[0].Address} takes every endpoint of the group");
    }

    public static void SetContainer(SafeFileHandle group, SafeFileHandle container, int number)
    {
        if (GroupIoctl.SetContainer(group, container) is int errno and not 0)
        {
            throw new VfioException("VFIO_GROUP_SET_CONTAINER", $"group {number}", errno);
        }
    }

    public static SafeFileHandle GetDevice(SafeFileHandle group, int number, PciAddress address)
    {
        int fd = Libc.Ioctl(group, VfioUapi.VFIO_GROUP_GET_DEVICE_FD, address.ToString());
        if (fd >= 0)
        {
            return new SafeFileHandle(fd, ownsHandle: true);
        }

        int errno = Marshal.GetLastPInvokeError();
        throw new VfioException("VFIO_GROUP_GET_DEVICE_FD", $"{address} in group {number}", errno, errno switch
        {
            Errno.ENODEV => $"the device is not bound to vfio-pci: vfio bind {address}",
            Errno.EACCES => "the driver wants a VF token, or the device cannot be powered up; the kernel's log (dmesg) says more",
            _ => null,
        });
    }

    private static VfioException OpenElsewhere(HostRoot host, string path, int number, PciDeviceInfo device)
    {
        IReadOnlyList<DeviceHolder> holders = new DeviceHolders(host).OfGroup(number);
        string by = holders.Count == 0
            ? "by a process that only root can see"
            : $"by {string.Join(", ", holders)}";
        return new VfioException(
            "open", path, Errno.EBUSY, $"{device.Address} or another device of group {number} is open elsewhere, {by}");
    }
}
