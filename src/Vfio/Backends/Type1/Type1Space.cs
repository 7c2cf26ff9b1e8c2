using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents a container as an address space: groups are added to it, and devices are obtained from them. Any thread
/// can use it, one call at a time.
/// </summary>
internal sealed class Type1Space : IHostAddressSpace
{
    private readonly SystemCalls _calls;
    private readonly HostRoot _host;
    private readonly SafeFileHandle _container;
    private readonly IReadOnlyList<Type1Model> _wanted;
    private readonly string _prefix;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (SafeFileHandle File, int Devices)> _groups = [];
    private Type1Model? _model;
    private bool _unmapsAll;
    private volatile int _drops;

    /// <param name="calls">Makes the system calls.</param>
    /// <param name="host">The host.</param>
    /// <param name="container">An open container, or an iommufd that replaces it; this object owns it.</param>
    /// <param name="wanted">The accepted IOMMU models, best first.</param>
    /// <param name="prefix">What precedes the model's name in the name of the backend.</param>
    public Type1Space(
        SystemCalls calls,
        HostRoot host,
        SafeFileHandle container,
        IReadOnlyList<Type1Model> wanted,
        string prefix = "")
    {
        (_calls, _host, _container, _wanted, _prefix) = (calls, host, container, wanted, prefix);
        try
        {
            Type1Container.CheckVersion(calls, container);
        }
        catch
        {
            container.Dispose();
            throw;
        }
    }

    public string Subject => "the container";

    public int Drops => _drops;

    public bool Suits(VfioBackend backend)
    {
        string? name = backend switch
        {
            VfioBackend.Type1v2 or VfioBackend.CompatibleType1v2 => Type1Model.Two.Name,
            VfioBackend.Type1 or VfioBackend.CompatibleType1 => Type1Model.One.Name,
            _ => null,
        };
        bool isCompatible = backend is VfioBackend.CompatibleType1v2 or VfioBackend.CompatibleType1;
        lock (_lock)
        {
            return backend == VfioBackend.Automatic
                || (isCompatible == (_prefix.Length != 0)
                    && (_model is Type1Model model ? model.Name == name : _wanted.Any(model => model.Name == name)));
        }
    }

    public IDeviceBackend Open(IHostDevice device, string? node, Guid? token)
    {
        string group = _wanted.Contains(Type1Model.None) ? $"noiommu-{device.IommuGroup}" : $"{device.IommuGroup}";
        lock (_lock)
        {
            bool isNew = !_groups.TryGetValue(group, out (SafeFileHandle File, int Devices) opened);
            return Open(
                isNew ? Type1Group.Open(_calls, _host, device, group) : opened.File,
                isNew,
                group,
                device.Name,
                device,
                token);
        }
    }

    public IDeviceBackend Take(SafeFileHandle file, string name, Guid? token)
    {
        lock (_lock)
        {
            return Open(file, isNew: true, $"of {name}", name, device: null, token);
        }
    }

    public AddressSpaceInfo GetInfo() => Type1InfoParser.Parse(InfoAnswer.Get(
        _calls,
        "VFIO_IOMMU_GET_INFO",
        _container,
        VfioUapi.VFIO_IOMMU_GET_INFO,
        default(VfioUapi.vfio_iommu_type1_info),
        Subject));

    public void Map(ulong iova, nint address, ulong length, DmaAccess access)
    {
        VfioUapi.vfio_iommu_type1_dma_map map = new()
        {
            argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_iommu_type1_dma_map>(),
            flags = ((access & DmaAccess.Read) != 0 ? VfioUapi.VFIO_DMA_MAP_FLAG_READ : 0)
                | ((access & DmaAccess.Write) != 0 ? VfioUapi.VFIO_DMA_MAP_FLAG_WRITE : 0),
            vaddr = (ulong)address,
            iova = iova,
            size = length,
        };
        int errno = _calls.Ioctl("VFIO_IOMMU_MAP_DMA", _container, VfioUapi.VFIO_IOMMU_MAP_DMA, ref map);
        if (errno != 0)
        {
            throw MapErrors.Explain("VFIO_IOMMU_MAP_DMA", iova, length, errno);
        }
    }

    // Type1 accepts the address of a device's mapped memory like any other; an iommufd that replaces it does not.
    public bool TryMapDeviceMemory(ulong iova, Func<SafeFileHandle?> openFile, ulong length, DmaAccess access) =>
        _prefix.Length == 0
            ? false
            : throw new NotSupportedException("an iommufd that replaces the container cannot map the memory of "
                + "devices; type1v2 can (VfioOpenOptions.Backend)");

    public void Unmap(ulong iova, ulong length)
    {
        // The kernel reports how much it unmapped, and treats 0 bytes as a success too.
        ulong done = Unmap(iova, length, 0);
        if (done != length)
        {
            throw new VfioException(
                "VFIO_IOMMU_UNMAP_DMA", MapErrors.Describe(iova, length), $"the kernel unmapped 0x{done:x} bytes");
        }
    }

    public bool TryUnmapAll()
    {
        if (_unmapsAll)
        {
            Unmap(0, 0, VfioUapi.VFIO_DMA_UNMAP_FLAG_ALL);
        }

        return _unmapsAll;
    }

    public void SetDirtyTracking(bool isOn)
    {
        int errno = Type1Ioctl.SetDirtyTracking(
            _calls,
            _container,
            isOn ? VfioUapi.VFIO_IOMMU_DIRTY_PAGES_FLAG_START : VfioUapi.VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
        CheckDirty(errno);
    }

    public void ReadDirty(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) =>
        CheckDirty(Type1Ioctl.GetDirtyBitmap(_calls, _container, iova, length, pageSize, bitmap));

    public void Dispose()
    {
        lock (_lock)
        {
            foreach ((SafeFileHandle file, _) in _groups.Values)
            {
                file.Dispose();
            }

            _groups.Clear();
        }

        _container.Dispose();
    }

    private static void CheckDirty(int errno)
    {
        // Only version 2 of type1 supports dirty tracking (otherwise EACCES), and only with an IOMMU domain (otherwise
        // EINVAL). An iommufd that serves as a container does not support it (ENOTTY).
        switch (errno)
        {
            case 0: return;
            case Errno.ENOTTY or Errno.EOPNOTSUPP or Errno.EINVAL or Errno.EACCES:
                throw new NotSupportedException("the container cannot track dirty pages");
            default: throw new VfioException("VFIO_IOMMU_DIRTY_PAGES", "the container", errno);
        }
    }

    private ulong Unmap(ulong iova, ulong length, uint flags)
    {
        VfioUapi.vfio_iommu_type1_dma_unmap unmap = new()
        {
            argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_iommu_type1_dma_unmap>(),
            flags = flags,
            iova = iova,
            size = length,
        };
        int errno = _calls.Ioctl("VFIO_IOMMU_UNMAP_DMA", _container, VfioUapi.VFIO_IOMMU_UNMAP_DMA, ref unmap);
        if (errno != 0)
        {
            throw new VfioException("VFIO_IOMMU_UNMAP_DMA", MapErrors.Describe(iova, length), errno);
        }

        return unmap.size;
    }

    // Called under the lock. A new group is first added to the container.
    private DeviceFile Open(
        SafeFileHandle file, bool isNew, string group, string name, IHostDevice? device, Guid? token)
    {
        string subject = $"group {group}";
        try
        {
            if (isNew)
            {
                Type1Group.CheckViable(_calls, file, device is null ? null : _host, device?.IommuGroup, subject);
                Type1Group.SetContainer(_calls, file, _container, subject);
                SetModel();
            }

            SafeFileHandle opened = Type1Group.GetDevice(_calls, file, subject, name, device, token);
            _groups[group] = (file, _groups.GetValueOrDefault(group).Devices + 1);
            return new DeviceFile(_calls, opened, name, _prefix + _model!.Name, closed: () => Leave(group))
            {
                Group = file,
            };
        }
        catch
        {
            if (isNew)
            {
                file.Dispose();
                _model = _groups.Count == 0 ? null : _model;
            }

            throw;
        }
    }

    private void SetModel()
    {
        if (_model is not null)
        {
            return;
        }

        _model = Type1Container.SetIommu(_calls, _container, _wanted);
        _unmapsAll = _model != Type1Model.None && Type1Container.Has(_calls, _container, VfioUapi.VFIO_UNMAP_ALL);
    }

    private void Leave(string node)
    {
        lock (_lock)
        {
            if (!_groups.TryGetValue(node, out (SafeFileHandle File, int Devices) group))
            {
                return;
            }

            if (group.Devices > 1)
            {
                _groups[node] = (group.File, group.Devices - 1);
                return;
            }

            _groups.Remove(node);
            if (_groups.Count == 0)
            {
                // When its last group leaves, a container loses its IOMMU model and drops all mappings; an iommufd that
                // replaces it keeps its IOAS. The devices are closed by now, so the count may rise before the group has
                // left.
                _drops += _prefix.Length == 0 ? 1 : 0;
                _model = null;
            }

            group.File.Dispose();
        }
    }
}
