using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents an IOMMU group, <c>/dev/vfio/N</c>: the smallest set of devices that can be assigned. Only one program at
/// a time can have it open.
/// </summary>
internal static class Type1Group
{
    public static SafeFileHandle Open(SystemCalls calls, HostRoot host, IHostDevice device, string node)
    {
        string path = host.Combine($"dev/vfio/{node}");
        int errno = calls.Open(path, Libc.O_RDWR, out SafeFileHandle group);
        return errno == 0
            ? group
            : throw (errno == Errno.ENOENT && !NodeTrouble.IsThere(NodeTrouble.OfGroup(host, node))
                ? NotBound("open", path, errno, "the group has no VFIO device", device)
                : NodeErrors.Explain(
                    host, path, $"/dev/vfio/{node}", NodeTrouble.OfGroup(host, node), errno, device, errno switch
                    {
                        Errno.EBUSY => GroupTrouble.DescribeHolders(host, device),
                        Errno.EPERM when node != $"{device.IommuGroup}" => "noiommu needs root (CAP_SYS_RAWIO)",
                        Errno.EACCES or Errno.EPERM =>
                            $"the group belongs to another user: {device.HowToShare($"/dev/vfio/{node}")}",
                        _ => null,
                    }));
    }

    private static VfioException NotBound(string operation, string subject, int errno, string what, IHostDevice? device)
    {
        string hint = $"{what}: {device?.HowToTake ?? "bind it to vfio-pci first"}";
        return new VfioException(operation, subject, errno, hint)
        {
            Reason = VfioErrorReason.NotBound,
            Device = device?.Name,
        };
    }

    /// <summary>
    /// Throws if the group is not viable: the kernel gives access to its devices only if none of them is bound to a
    /// host driver.
    /// </summary>
    public static void CheckViable(SystemCalls calls, SafeFileHandle group, HostRoot? host, int? number, string subject)
    {
        VfioUapi.vfio_group_status status = GroupIoctl.GetStatus(calls, group, subject);
        if ((status.flags & VfioUapi.VFIO_GROUP_FLAGS_VIABLE) == 0)
        {
            throw (host is not null && number is int known ? GroupTrouble.FindBlockers(host, known) : null)
                ?? new VfioException(
                    "open",
                    subject,
                    "the group is not viable: a device in it is bound to a host driver",
                    "bind every device of the group to vfio-pci, or to no driver");
        }
    }

    public static void SetContainer(SystemCalls calls, SafeFileHandle group, SafeFileHandle container, string subject)
    {
        int errno = GroupIoctl.SetContainer(calls, group, container);
        if (errno != 0)
        {
            throw new VfioException("VFIO_GROUP_SET_CONTAINER", subject, errno, errno == Errno.EINVAL
                ? "the group is already in another container, or the addresses that it can use do not include all that "
                    + "is mapped in this one"
                : null);
        }
    }

    public static SafeFileHandle GetDevice(
        SystemCalls calls, SafeFileHandle group, string subject, string name, IHostDevice? device, Guid? token)
    {
        string argument = token is Guid uuid ? $"{name} vf_token={uuid:D}" : name;
        int errno = calls.Ioctl(
            "VFIO_GROUP_GET_DEVICE_FD", group, VfioUapi.VFIO_GROUP_GET_DEVICE_FD, argument, out int fd);
        if (errno == Errno.ENODEV)
        {
            throw NotBound(
                "VFIO_GROUP_GET_DEVICE_FD",
                $"{name} in {subject}",
                errno,
                "the device is not bound to a VFIO driver",
                device);
        }

        return errno == 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new VfioException(
            "VFIO_GROUP_GET_DEVICE_FD", $"{name} in {subject}", errno, errno switch
            {
                Errno.EACCES when token is not null =>
                    "the token differs from the one that was set for the physical function",
                Errno.EACCES => "the physical function is bound too, and its token is required "
                    + "(VfioOpenOptions.VirtualFunctionToken), or the device cannot be powered up; the "
                    + "kernel's log (dmesg) says more",
                Errno.EINVAL when token is not null =>
                    "the device is not a virtual function of a bound physical function, so it does not accept a token",
                _ => null,
            });
    }
}
