using System.Net.Sockets;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Represents an open PCI device. It is bound to vfio-pci (or is a device model), and its regions contain its
/// registers.
/// </summary>
/// <remarks>
/// <para>The caller owns the device and disposes it. Disposal ends everything in the right order: interrupts, regions,
/// device, group, container. Thread-safe.</para>
/// <para>If the kernel can reset the device, it does so when the device is opened and again when it is closed.</para>
/// </remarks>
/// <example>
/// <code>
/// using VfioDevice device = VfioDevice.Open(PciAddress.Parse("0000:00:14.3"));
/// using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
/// Console.WriteLine($"BAR0 first dword: 0x{bar0.ReadUInt32(0):x8}");
/// </code>
/// </example>
public sealed partial class VfioDevice : IDisposable
{
    private readonly IDeviceBackend _backend;
    private readonly IoAddressSpace? _space;
    private readonly HostRoot? _host;
    private IDisposable? _context; // closed after the device, if there is no address space
    private FaultLog? _log;
    private Socket? _connection;
    private readonly DeviceInfo _info;
    private readonly Lock _lock = new();
    private readonly HashSet<Region> _regions = [];
    private volatile bool _isDisposed;

    /// <summary>Creates a device, without an address space unless one is passed.</summary>
    internal VfioDevice(
        IDeviceBackend backend,
        PciAddress? address,
        string? name = null,
        IoAddressSpace? space = null,
        HostRoot? host = null)
    {
        _backend = backend;
        _space = space;
        _host = host;
        Address = address;
        Name = name ?? $"{address}";
        _info = backend.GetInfo();
        Interrupts = new DeviceInterrupts(
            backend, Name, host is not null && address is PciAddress place ? new HostInterrupts(host, place) : null);
    }

    /// <summary>
    /// Gets the device's PCI address; <see langword="null"/> for a mediated device, and for a device model without one.
    /// </summary>
    public PciAddress? Address { get; }

    /// <summary>
    /// Gets the name of the device in messages: the address (<c>0000:00:14.3</c>), or the name of a device model
    /// (<c>edu</c>).
    /// </summary>
    public string Name { get; }

    /// <summary>
    /// Gets the backend through which the device was opened: <c>iommufd</c>, <c>type1v2</c>, <c>type1</c>,
    /// <c>compatible-type1v2</c>, <c>compatible-type1</c> or <c>noiommu</c>; <c>in-process</c> for a device model.
    /// </summary>
    public string BackendName => _backend.Name;

    /// <summary>Gets the device's interrupts.</summary>
    public DeviceInterrupts Interrupts { get; }

    /// <summary>Gets the guard of its regions.</summary>
    internal RegionGuard Guard { get; init; } = new();

    /// <summary>Gets whether the kernel can reset the device (<c>VFIO_DEVICE_FLAGS_RESET</c>).</summary>
    public bool CanReset => _info.CanReset;

    /// <summary>
    /// Gets the number of region indexes, implemented or not: the 9 of <see cref="RegionIndex"/>, and those that only
    /// this device has, from 9 on (<c>(RegionIndex)9</c>; <see cref="RegionInfo.Type"/> says what each is).
    /// </summary>
    public int RegionCount => (int)uint.Min(_info.RegionCount, int.MaxValue);

    /// <summary>
    /// Gets which atomic operations of the device memory completes; none if the kernel does not say (before Linux 6.5)
    /// or the ports above the device do not route them.
    /// </summary>
    public AtomicCompletions AtomicCompletions => _info.AtomicCompletions;

    /// <summary>Opens a device that is bound to vfio-pci.</summary>
    /// <param name="address">The device's address.</param>
    /// <param name="options">
    /// The backend and the address space. By default, the best backend that the kernel supports, and a new address
    /// space.
    /// </param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">
    /// There is no such device; it is not bound to vfio-pci; this user cannot open it; another process has it open;
    /// another device of its IOMMU group is bound to a host driver; or a system call failed. The message says which,
    /// and the hint what to do.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// The address space of the options has another backend than the device needs.
    /// </exception>
    public static VfioDevice Open(PciAddress address, VfioOpenOptions? options = null)
    {
        options ??= new VfioOpenOptions();
        return DeviceOpener.Open(new PciBus(options.Host).Get(address), options);
    }

    /// <summary>Creates a device from descriptors that a program with more rights opened.</summary>
    /// <param name="address">The device's address.</param>
    /// <param name="handles">
    /// The descriptors. The device owns them from now on; they are closed even if this call fails.
    /// </param>
    /// <param name="options">A token, if one is required; the backend follows from the descriptors.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">
    /// The descriptors are invalid for the device, another process has the device open, or a system call failed.
    /// </exception>
    public static VfioDevice FromHandles(PciAddress address, DeviceHandles handles, VfioOpenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(handles);
        return DeviceOpener.Take(address, mediatedId: null, handles, options ?? new VfioOpenOptions());
    }

    /// <summary>Gets what the kernel reports about a region.</summary>
    /// <param name="index">The region.</param>
    /// <returns>Its length and what can be done with it; length 0 if the device does not implement it.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The kernel refused, for example because the device has no VGA region.
    /// </exception>
    public RegionInfo GetRegionInfo(RegionIndex index)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return index >= 0 && (uint)index < _info.RegionCount
            ? _backend.GetRegionInfo(index)
            : throw new VfioException(
                "VFIO_DEVICE_GET_REGION_INFO",
                $"{index.Describe()} of {Name}",
                $"the device has {_info.RegionCount} regions");
    }

    /// <summary>Opens a region: mapped if the kernel allows it, otherwise through the file descriptor.</summary>
    /// <param name="index">The region.</param>
    /// <param name="access">
    /// <see cref="RegionAccess.Mapped"/> for speed; <see cref="RegionAccess.Checked"/> or
    /// <see cref="RegionAccess.Trapped"/> for an exception if the device does not answer.
    /// </param>
    /// <returns>The region. The caller owns it; disposing the device also disposes it.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not implement the region, or it could not be mapped.</exception>
    public Region OpenRegion(RegionIndex index, RegionAccess access = RegionAccess.Mapped)
    {
        RegionInfo info = GetRegionInfo(index);
        if (!info.IsImplemented)
        {
            throw new VfioException(
                "open", $"{index.Describe()} of {Name}", "the device does not implement it", DescribeImplemented());
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Region region = new(_backend, info, access, Forget, Name, Guard);
            _regions.Add(region);
            return region;
        }
    }

    /// <summary>
    /// Resets only this device, with the method that the kernel prefers for it: a function-level reset, a power state,
    /// or its bus (<c>VFIO_DEVICE_RESET</c>; <c>reset_method</c> in sysfs). The kernel restores configuration space.
    /// What happens to the device's own registers depends on the device: some keep them through a reset by power state.
    /// Nothing may access the device during the reset.
    /// </summary>
    /// <exception cref="NotSupportedException"><see cref="CanReset"/> is <see langword="false"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device did not come back.</exception>
    public void Reset()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!CanReset)
        {
            throw new NotSupportedException(
                $"{Name} cannot be reset: the kernel has no method to reset only this device");
        }

        _backend.Reset();
        RecoverAfterReset();
    }

    /// <summary>
    /// Closes the device: disables bus mastering if something is mapped for the device, disables its interrupts,
    /// disposes the open regions, unmaps the rest of the address space if it was the last device, and closes the device
    /// and its group and container or IOAS, in this order. Never throws, and can be called more than once; a second
    /// call at the same time returns before the first is done.
    /// </summary>
    public void Dispose()
    {
        Region[] regions;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            regions = [.. _regions];
        }

        Disposal.Quietly([
            Quiesce, EndMigration, Interrupts.End, .. regions.Select(region => (Action)region.Dispose),
            () =>
            {
                if (_space is null)
                {
                    _backend.Dispose();
                }
                else
                {
                    _space.Leave(wasAdmitted: true, _backend.Dispose);
                }
            },
            () => _context?.Dispose(), () => _log?.Dispose(), () => _connection?.Dispose()]);
    }

    /// <summary>Creates a device from a device of the host that was just opened.</summary>
    /// <param name="backend">The opened device, which the new one owns from now on.</param>
    /// <param name="address">The device's PCI address; <see langword="null"/> for a mediated device.</param>
    /// <param name="mediated">What sysfs reports about a mediated device.</param>
    /// <param name="options">The host, and the report of leaks.</param>
    /// <param name="space">Its address space; <see langword="null"/> without an IOMMU.</param>
    /// <param name="context">What to close after the device, if there is no address space.</param>
    internal static VfioDevice OfHost(
        IDeviceBackend backend,
        PciAddress address,
        MediatedDevice? mediated,
        VfioOpenOptions options,
        IoAddressSpace? space,
        IDisposable? context = null) => mediated is not null
        ? new VfioDevice(backend, address: null, MediatedDevice.Name(mediated.Id), space)
        {
            MediatedDevice = mediated,
            Guard = GuardOf(options),
        }
        : new VfioDevice(backend, address, name: null, space, options.Host)
        {
            _context = context,
            _log = space is null ? null : new FaultLog(options.Host, address),
            Guard = GuardOf(options),
        };

    private static RegionGuard GuardOf(VfioOpenOptions options) => new() { AllowUnguarded = options.AllowUnguarded };

    /// <summary>
    /// Adds an open device that is not a device of the host to an address space. If that fails, the device is closed.
    /// </summary>
    internal static VfioDevice Join(IDeviceBackend opened, PciAddress? address, string name, IoAddressSpace space)
    {
        using Rollback undo = new();
        undo.Add(opened);
        space.Reserve();
        undo.Keep();
        bool isAdmitted = false;
        try
        {
            space.Admit(leakReport: null);
            isAdmitted = true;
            return new VfioDevice(opened, address, name, space);
        }
        catch
        {
            space.Leave(isAdmitted, opened.Dispose);
            throw;
        }
    }

    private void Forget(Region region)
    {
        lock (_lock)
        {
            _regions.Remove(region);
        }
    }

    private string DescribeImplemented()
    {
        const int MostDescribed = 64;
        IEnumerable<string> names = Enumerable.Range(0, Math.Min(RegionCount, MostDescribed))
            .Select(index => (RegionIndex)index)
            .Where(index => index != RegionIndex.Vga && _backend.GetRegionInfo(index).IsImplemented)
            .Select(index => index.Describe());
        return $"it has {string.Join(", ", names)}";
    }
}
