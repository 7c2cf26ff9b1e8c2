using System.Net.Sockets;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// A PCI device in this program's hands. Opened from a device bound to vfio-pci; its regions hold its registers.
/// </summary>
/// <remarks>
/// <para>
/// The caller owns the device and disposes it; that lets go in the right order: interrupts, regions, device, group,
/// container. Any thread may use it at any time.
/// </para>
/// <para>
/// The kernel resets the device when it is opened and again when it is closed, where the device can be reset.
/// </para>
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
    private IDisposable? _context; // what is closed after the device, without an address space
    private FaultLog? _log;
    private Socket? _connection;
    private readonly DeviceInfo _info;
    private readonly Lock _lock = new();
    private readonly HashSet<Region> _regions = [];
    private volatile bool _isDisposed;

    /// <summary>A device; without an address space unless one is given.</summary>
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
    /// The device's PCI address; <see langword="null"/> for a mediated device, and for a device model without one.
    /// </summary>
    public PciAddress? Address { get; }

    /// <summary>
    /// Gets what messages call the device: its address, <c>0000:00:14.3</c>; the name of a device model, <c>edu</c>.
    /// </summary>
    public string Name { get; }

    /// <summary>
    /// How the device is reached: <c>iommufd</c>, <c>type1v2</c>, <c>type1</c>, <c>compatible-type1v2</c>,
    /// <c>compatible-type1</c> or <c>noiommu</c>; <c>in-process</c> for a device model.
    /// </summary>
    public string BackendName => _backend.Name;

    /// <summary>The device's interrupts.</summary>
    public DeviceInterrupts Interrupts { get; }

    /// <summary>Gets how its regions are guarded.</summary>
    internal RegionGuard Guard { get; init; } = new();

    /// <summary>Gets whether the kernel can reset the device (<c>VFIO_DEVICE_FLAGS_RESET</c>).</summary>
    public bool CanReset => _info.CanReset;

    /// <summary>
    /// How many regions there are to ask for, implemented or not: 9 (<see cref="RegionIndex"/>), and those of the
    /// device's own, which have numbers from 9 on (<c>(RegionIndex)9</c>; <see cref="RegionInfo.Type"/> says what each
    /// is).
    /// </summary>
    public int RegionCount => (int)uint.Min(_info.RegionCount, int.MaxValue);

    /// <summary>
    /// Gets which atomic operations of the device memory completes; none if the kernel does not say (before Linux 6.5)
    /// or the ports above the device do not route them.
    /// </summary>
    public AtomicCompletions AtomicCompletions => _info.AtomicCompletions;

    /// <summary>Opens a device that is bound to vfio-pci.</summary>
    /// <param name="address">The device's address.</param>
    /// <param name="options">Which backend, and which address space; by default the best backend that the kernel has,
    /// and an address space of its own.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">
    /// No such device; not bound to vfio-pci; not permitted; open elsewhere; another device of its IOMMU group belongs
    /// to a host driver; or a system call failed. The exception names it and, if one is known, what to do.
    /// </exception>
    /// <exception cref="ArgumentException">The address space of the options has another backend than the device
    /// needs.</exception>
    public static VfioDevice Open(PciAddress address, VfioOpenOptions? options = null)
    {
        options ??= new VfioOpenOptions();
        return DeviceOpener.Open(new PciBus(options.Host).Get(address), options);
    }

    /// <summary>Creates a device from descriptors that a program with more rights opened.</summary>
    /// <param name="address">The device's address.</param>
    /// <param name="handles">The descriptors; the device's from here on, and closed also where this fails.</param>
    /// <param name="options">A token, if one is required; the backend follows from the descriptors.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">The descriptors are not what they should be, the device is open elsewhere, or a
    /// system call failed.</exception>
    public static VfioDevice FromHandles(PciAddress address, DeviceHandles handles, VfioOpenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(handles);
        return DeviceOpener.Take(address, mediatedId: null, handles, options ?? new VfioOpenOptions());
    }

    /// <summary>Gets what the kernel says of a region.</summary>
    /// <param name="index">The region.</param>
    /// <returns>Its length and abilities; length 0 where the device does not implement it.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused; a device without a VGA region, for example.</exception>
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

    /// <summary>Opens a region: mapped where the kernel allows it, else through the file descriptor.</summary>
    /// <param name="index">The region.</param>
    /// <param name="access">
    /// <see cref="RegionAccess.Mapped"/> for speed; <see cref="RegionAccess.Checked"/> or
    /// <see cref="RegionAccess.Trapped"/> for exceptions where the device does not answer.
    /// </param>
    /// <returns>The region; the caller owns it, and the device's disposal disposes it.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not implement the region, or mapping it failed.</exception>
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
    /// Resets only this device, by the method that the kernel prefers for it: function-level, by power state, or by its
    /// bus (<c>VFIO_DEVICE_RESET</c>; <c>reset_method</c> in sysfs). The kernel restores configuration space. What
    /// happens to the device's own registers depends on the device: some keep them through a reset by power state.
    /// Nothing may access the device meanwhile.
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
    /// Disables bus mastering if something is mapped for the device, disables its interrupts, disposes the open
    /// regions, unmaps the rest of the address space if it was the last device, and closes the device and its group and
    /// container or IOAS, in this order. Calling it more than once is harmless; a second call at the same time returns
    /// before the first is done.
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

    /// <summary>A device of the host that was opened, as the way to it left it.</summary>
    /// <param name="backend">The opened device; the device's from here on.</param>
    /// <param name="address">The device's PCI address; the default value for a mediated device.</param>
    /// <param name="mediated">What sysfs says of a mediated device.</param>
    /// <param name="options">Which host, and whom to tell of leaks.</param>
    /// <param name="space">Its address space; null without an IOMMU.</param>
    /// <param name="context">What is to be closed after the device; without an address space.</param>
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
    /// Adds an opened device that is not one of the host's to an address space; if that fails, the device is closed.
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
