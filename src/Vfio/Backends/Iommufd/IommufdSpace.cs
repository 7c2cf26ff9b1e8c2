using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents an IOAS of <c>/dev/iommu</c>: devices are opened through their own nodes, bound to the iommufd and
/// attached to it. Any thread can use it, one call at a time.
/// </summary>
internal sealed class IommufdSpace : IHostAddressSpace
{
    private readonly SystemCalls _calls;
    private readonly HostRoot _host;
    private readonly SafeFileHandle _iommufd;
    private readonly uint _ioas;
    private readonly Lock _lock = new();
    private readonly List<(SafeFileHandle Device, uint Id)> _devices = [];
    private uint? _trackingTable;

    /// <param name="calls">Makes the system calls.</param>
    /// <param name="host">The host.</param>
    /// <param name="iommufd">An open <c>/dev/iommu</c>, which this object owns.</param>
    public IommufdSpace(SystemCalls calls, HostRoot host, SafeFileHandle iommufd)
    {
        (_calls, _host, _iommufd) = (calls, host, iommufd);
        IommufdUapi.iommu_ioas_alloc alloc = new() { size = (uint)Unsafe.SizeOf<IommufdUapi.iommu_ioas_alloc>() };
        int errno = calls.Ioctl("IOMMU_IOAS_ALLOC", iommufd, IommufdUapi.IOMMU_IOAS_ALLOC, ref alloc);
        if (errno != 0)
        {
            iommufd.Dispose();
            throw new VfioException("IOMMU_IOAS_ALLOC", "/dev/iommu", errno);
        }

        _ioas = alloc.out_ioas_id;
    }

    public string Subject => $"the IOAS {_ioas}";

    public int Drops => 0;

    public bool Suits(VfioBackend backend) => backend is VfioBackend.Automatic or VfioBackend.Iommufd;

    public static SafeFileHandle OpenIommufd(SystemCalls calls, HostRoot host)
    {
        string path = host.Combine("dev/iommu");
        int errno = calls.Open(path, Libc.O_RDWR, out SafeFileHandle iommufd);
        return errno == 0
            ? iommufd
            : throw NodeErrors.Explain(
                host, path, NodeErrors.Iommufd, NodeTrouble.OfIommufd(host), errno, hint: errno switch
                {
                    Errno.ENOENT or Errno.ENODEV =>
                        "the kernel has no iommufd (CONFIG_IOMMUFD), or its module is not loaded: modprobe iommufd",
                    Errno.EACCES or Errno.EPERM => NodeErrors.IommufdIsRoots(path),
                    _ => null,
                });
    }

    public IDeviceBackend Open(IHostDevice device, string? node, Guid? token)
    {
        string path = node ?? DeviceNode.Find(_host, device, isPatient: true) ?? throw new VfioException(
            "open", device.Name, "the device has no node of its own under /dev/vfio/devices",
            "the kernel must be 6.6 or later with CONFIG_VFIO_DEVICE_CDEV; groups (type1v2) need none");
        int errno = _calls.Open(path, Libc.O_RDWR, out SafeFileHandle file);
        string name = Path.GetFileName(path);
        return errno == 0 ? BindAndAttach(file, device.Name, device, token) : throw NodeErrors.Explain(
            _host,
            path,
            $"/dev/vfio/devices/{name}",
            device.Attribute($"vfio-dev/{name}/dev"),
            errno,
            device,
            errno == Errno.EBUSY ? GroupTrouble.DescribeHolders(_host, device) : null);
    }

    public IDeviceBackend Take(SafeFileHandle file, string name, Guid? token) =>
        BindAndAttach(file, name, device: null, token);

    public AddressSpaceInfo GetInfo()
    {
        int errno = IommufdIoctl.GetRanges(
            _calls, _iommufd, _ioas, out IommufdUapi.iommu_iova_range[] ranges, out ulong alignment);
        if (errno != 0)
        {
            throw new VfioException("IOMMU_IOAS_IOVA_RANGES", Subject, errno);
        }

        ulong page = Math.Max(Math.Max(alignment, 1), (ulong)Environment.SystemPageSize);
        return new AddressSpaceInfo(
            IovaRanges.Normalize(ranges.Select(range => (range.start, range.last)), page), page, EntriesLeft: null);
    }

    public void Map(ulong iova, nint address, ulong length, DmaAccess access)
    {
        IommufdUapi.iommu_ioas_map map = new()
        {
            size = (uint)Unsafe.SizeOf<IommufdUapi.iommu_ioas_map>(),
            flags = Flags(access),
            ioas_id = _ioas,
            user_va = (ulong)address,
            length = length,
            iova = iova,
        };
        Check(
            "IOMMU_IOAS_MAP",
            iova,
            length,
            _calls.Ioctl("IOMMU_IOAS_MAP", _iommufd, IommufdUapi.IOMMU_IOAS_MAP, ref map));
    }

    public bool TryMapDeviceMemory(ulong iova, Func<SafeFileHandle?> openFile, ulong length, DmaAccess access)
    {
        using SafeFileHandle file = openFile() ?? throw new NotSupportedException(
            "this kernel's iommufd cannot map the memory of devices (VFIO_DEVICE_FEATURE_DMA_BUF, Linux 6.19); type1v2 "
            + "can (VfioOpenOptions.Backend)");
        IommufdUapi.iommu_ioas_map_file map =
            new() { flags = Flags(access), ioas_id = _ioas, length = length, iova = iova };
        Check("IOMMU_IOAS_MAP_FILE", iova, length, IommufdIoctl.MapFile(_calls, _iommufd, map, file));
        return true;
    }

    public void Unmap(ulong iova, ulong length)
    {
        ulong done = UnmapRange(iova, length);
        if (done != length)
        {
            throw new VfioException(
                "IOMMU_IOAS_UNMAP", MapErrors.Describe(iova, length), $"the kernel unmapped 0x{done:x} bytes");
        }
    }

    public bool TryUnmapAll()
    {
        _ = UnmapRange(0, ulong.MaxValue); // the kernel's value for "everything"
        return true;
    }

    private ulong UnmapRange(ulong iova, ulong length)
    {
        IommufdUapi.iommu_ioas_unmap unmap = new()
        {
            size = (uint)Unsafe.SizeOf<IommufdUapi.iommu_ioas_unmap>(),
            ioas_id = _ioas,
            iova = iova,
            length = length,
        };
        int errno = _calls.Ioctl("IOMMU_IOAS_UNMAP", _iommufd, IommufdUapi.IOMMU_IOAS_UNMAP, ref unmap);
        if (errno != 0)
        {
            throw new VfioException("IOMMU_IOAS_UNMAP", MapErrors.Describe(iova, length), errno);
        }

        return unmap.length;
    }

    public void SetDirtyTracking(bool isOn)
    {
        lock (_lock)
        {
            _trackingTable ??= isOn ? AttachTrackingTable() : null;
            if (_trackingTable is uint table)
            {
                IommufdUapi.iommu_hwpt_set_dirty_tracking request = new()
                {
                    size = (uint)Unsafe.SizeOf<IommufdUapi.iommu_hwpt_set_dirty_tracking>(),
                    flags = isOn ? IommufdUapi.IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
                    hwpt_id = table,
                };
                CheckDirty("IOMMU_HWPT_SET_DIRTY_TRACKING", _calls.Ioctl(
                    "IOMMU_HWPT_SET_DIRTY_TRACKING", _iommufd, IommufdUapi.IOMMU_HWPT_SET_DIRTY_TRACKING, ref request));
            }
        }
    }

    public void ReadDirty(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) => CheckDirty(
        "IOMMU_HWPT_GET_DIRTY_BITMAP",
        IommufdIoctl.GetDirtyBitmap(
            _calls,
            _iommufd,
            _trackingTable ?? throw new InvalidOperationException("dirty tracking was not started"),
            iova,
            length,
            pageSize,
            bitmap));

    public void Dispose() => _iommufd.Dispose();

    private static uint Flags(DmaAccess access) => IommufdUapi.IOMMU_IOAS_MAP_FIXED_IOVA
        | ((access & DmaAccess.Read) != 0 ? IommufdUapi.IOMMU_IOAS_MAP_READABLE : 0)
        | ((access & DmaAccess.Write) != 0 ? IommufdUapi.IOMMU_IOAS_MAP_WRITEABLE : 0);

    private static void Check(string call, ulong iova, ulong length, int errno)
    {
        if (errno != 0)
        {
            throw MapErrors.Explain(call, iova, length, errno);
        }
    }

    private void CheckDirty(string call, int errno)
    {
        switch (errno)
        {
            case 0: return;
            case Errno.EOPNOTSUPP or Errno.ENOTTY:
                throw new NotSupportedException("the IOMMU cannot track dirty pages");
            default: throw new VfioException(call, Subject, errno);
        }
    }

    private DeviceFile BindAndAttach(SafeFileHandle file, string name, IHostDevice? device, Guid? token)
    {
        using Rollback undo = new();
        undo.Add(file);
        int errno = IommufdIoctl.Bind(_calls, file, _iommufd, token, out uint id);
        if (errno != 0)
        {
            file.Dispose(); // the caller finds out which process has the device open
            throw ExplainBind(name, device, token, errno);
        }

        lock (_lock)
        {
            // If dirty pages are tracked, devices must use the tracked page table: the writes of a device in another
            // one would not be seen.
            errno = IommufdIoctl.Attach(_calls, file, _trackingTable ?? _ioas);
            if (errno == 0)
            {
                _devices.Add((file, id));
            }
        }

        if (errno != 0)
        {
            throw new VfioException("VFIO_DEVICE_ATTACH_IOMMUFD_PT", $"{name} to {Subject}", errno, errno switch
            {
                Errno.EBUSY => "devices of one group share an address space (VfioOpenOptions.AddressSpace)",
                Errno.EINVAL or Errno.EADDRNOTAVAIL =>
                    "the addresses that it can use do not include all that is mapped in this address space",
                _ => null,
            });
        }

        undo.Keep();
        return new DeviceFile(_calls, file, name, BackendNames.Iommufd, closing: () => Leave(id));
    }

    private VfioException ExplainBind(string name, IHostDevice? device, Guid? token, int errno)
    {
        const string Call = "VFIO_DEVICE_BIND_IOMMUFD";
        if (device?.IommuGroup is int group && GroupTrouble.FindBlockers(_host, group) is VfioException blocked)
        {
            return blocked;
        }

        // For a device that is already open the kernel reports EINVAL, as for many other reasons.
        bool isHeld = errno == Errno.EINVAL
            && token is null
            && device is not null
            && new DeviceHolders(_host).GetHolders(device).Count != 0;
        errno = isHeld ? Errno.EBUSY : errno;
        // If another process holds the device's IOMMU group, the kernel reports EPERM, as it does for a platform that
        // cannot isolate interrupts.
        bool isGroupHeld = errno == Errno.EPERM && device is not null && GroupTrouble.HasOthersHeld(_host, device);
        bool isBusy = isGroupHeld || errno == Errno.EBUSY;
        return new VfioException(Call, name, errno, errno switch
        {
            Errno.EBUSY or Errno.EPERM when device is not null && isBusy => GroupTrouble.DescribeHolders(_host, device),
            Errno.EINVAL when token is null =>
                "a process that only root can see may have it open; the kernel's log (dmesg) may say more",
            Errno.EINVAL => "the device is not a virtual function of a bound physical function, so it does not accept "
                + "a token; or the kernel does not support tokens here (before Linux 6.18)",
            Errno.EACCES when token is not null =>
                "the token differs from the one that was set for the physical function",
            Errno.EACCES =>
                "the physical function is bound too, and its token is required (VfioOpenOptions.VirtualFunctionToken)",
            Errno.EPERM =>
                "the platform cannot isolate interrupts (no interrupt remapping); the kernel's log (dmesg) says more",
            _ => null,
        })
        {
            Reason = isBusy ? VfioErrorReason.Busy : VfioErrorReason.Other,
            Device = name,
        };
    }

    // The page table is that of the first device. The others must be compatible with it, as devices behind one IOMMU
    // are.
    private uint AttachTrackingTable()
    {
        if (_devices.Count == 0)
        {
            throw new InvalidOperationException("no device is in the address space");
        }

        IommufdUapi.iommu_hwpt_alloc alloc = new()
        {
            size = (uint)Unsafe.SizeOf<IommufdUapi.iommu_hwpt_alloc>(),
            flags = IommufdUapi.IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
            dev_id = _devices[0].Id,
            pt_id = _ioas,
        };
        CheckDirty(
            "IOMMU_HWPT_ALLOC", _calls.Ioctl("IOMMU_HWPT_ALLOC", _iommufd, IommufdUapi.IOMMU_HWPT_ALLOC, ref alloc));
        for (int i = 0; i < _devices.Count; i++)
        {
            int errno = IommufdIoctl.Attach(_calls, _devices[i].Device, alloc.out_hwpt_id);
            if (errno != 0)
            {
                GoBack(_devices[..i], alloc.out_hwpt_id);
                throw new VfioException("VFIO_DEVICE_ATTACH_IOMMUFD_PT", Subject, errno);
            }
        }

        return alloc.out_hwpt_id;
    }

    private void GoBack(IEnumerable<(SafeFileHandle Device, uint Id)> moved, uint table)
    {
        foreach ((SafeFileHandle device, _) in moved)
        {
            _ = IommufdIoctl.Attach(_calls, device, _ioas);
        }

        IommufdUapi.iommu_destroy destroy =
            new() { size = (uint)Unsafe.SizeOf<IommufdUapi.iommu_destroy>(), id = table };
        _ = _calls.Ioctl("IOMMU_DESTROY", _iommufd, IommufdUapi.IOMMU_DESTROY, ref destroy);
    }

    private void Leave(uint id)
    {
        lock (_lock)
        {
            _devices.RemoveAll(device => device.Id == id);
        }
    }
}
