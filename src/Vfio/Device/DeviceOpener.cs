using Vfio.Backends;
using Vfio.Backends.Iommufd;
using Vfio.Backends.Type1;
using Vfio.Interop;
using Vfio.Pci;
using Vfio.Sysfs;

namespace Vfio;

/// <summary>Chooses the way to a device of the host: the one place that knows all of them.</summary>
internal static partial class DeviceOpener
{
    private static Type1Model[] AnyType1 => [Type1Model.Two, Type1Model.One];

    public static VfioDevice Open(PciAddress address, VfioOpenOptions options)
    {
        PciDeviceInfo device = new PciBus(options.Host).Get(address);
        Check(device, options);
        return options.Backend == VfioBackend.NoIommu && options.AddressSpace is null
            ? OpenWithoutIommu(device, options)
            : Open(device, options, (space, host) => VfioDevice.Enter(address, options, space, () => host.Open(device, options.VirtualFunctionToken)));
    }

    public static VfioDevice Take(PciAddress address, DeviceHandles handles, VfioOpenOptions options) => Take(
        handles, options, (space, host) => VfioDevice.Enter(address, options, space, () => host.Take(handles.Device, address.ToString(), options.VirtualFunctionToken)));

    private static VfioDevice Take(DeviceHandles handles, VfioOpenOptions options, Func<IoAddressSpace, IHostAddressSpace, VfioDevice> enter)
    {
        handles.UseOnce();
        try
        {
            return options.AddressSpace is not null
                ? throw new ArgumentException("descriptors bring an address space of their own: the device cannot join another", nameof(options))
                : Enter(handles.IsGroup ? new Type1Space(options.Calls, options.Host, handles.Context, AnyType1) : new IommufdSpace(options.Calls, options.Host, handles.Context), options, enter);
        }
        catch
        {
            handles.Dispose();
            throw;
        }
    }

    private static void Check(PciDeviceInfo device, VfioOpenOptions options)
    {
        if (device.IommuGroup is null)
        {
            throw new VfioException(
                "open", device.Address.ToString(), "the device has no IOMMU group",
                "is the IOMMU on? look for intel_iommu=on in /proc/cmdline, and VT-d or AMD-Vi in the firmware's setup");
        }

        if (device.Driver is null && new DeviceHolders(options.Host).OfDevice(device) is { Count: > 0 } holders)
        {
            // The kernel removes the link to the driver first, and then waits.
            throw new VfioException("open", device.Address.ToString(), Errno.EBUSY, $"the kernel is taking it from its VFIO driver, and waits for {string.Join(", ", holders)} to let go");
        }

        if (!device.HasVfioDriver)
        {
            throw new VfioException(
                "open", device.Address.ToString(),
                device.Driver is null ? "no driver has the device" : $"the device belongs to the driver {device.Driver}",
                device.IsBridge ? "bridges and ports stay with the kernel; what is behind them can be taken" : $"take it first: vfio bind {device.Address}");
        }

        bool hasNoIommu = device.ReadHasNoIommu();
        if (hasNoIommu && options.Backend != VfioBackend.NoIommu)
        {
            throw new VfioException(
                "open", device.Address.ToString(), "no IOMMU is in front of the device: it could reach all memory of the host",
                "to use it without any isolation, say so: VfioBackend.NoIommu, --backend noiommu");
        }

        if (!hasNoIommu && options.Backend == VfioBackend.NoIommu)
        {
            throw new VfioException(
                "open", device.Address.ToString(), "an IOMMU is in front of the device: noiommu is for devices without one", "leave the backend to the library");
        }
    }

    // The way is chosen here, for a device of any kind; how it enters is its own.
    private static VfioDevice Open(IHostDevice device, VfioOpenOptions options, Func<IoAddressSpace, IHostAddressSpace, VfioDevice> enter)
    {
        if (options.AddressSpace is IoAddressSpace shared)
        {
            return shared.Backend is IHostAddressSpace host
                ? enter(shared, host)
                : throw new ArgumentException("the address space is a device model's: a device of the host cannot join it", nameof(options));
        }

        return options.Backend == VfioBackend.Automatic ? OpenBest(device, options, enter) : Enter(Make(options.Backend, options), options, enter);
    }

    // Where the device's own node, or /dev/iommu, is not for this user, the group may be.
    private static VfioDevice OpenBest(IHostDevice device, VfioOpenOptions options, Func<IoAddressSpace, IHostAddressSpace, VfioDevice> enter)
    {
        if (DeviceNode.Find(options.Host, device, isPatient: true) is not null)
        {
            try
            {
                return Enter(Make(VfioBackend.Iommufd, options), options, enter);
            }
            catch (VfioException e) when (e.Operation == "open" && e.Errno is Errno.EACCES or Errno.EPERM or Errno.ENOENT or Errno.ENODEV)
            {
                // Groups, then.
            }
        }

        return Enter(new Type1Space(options.Calls, options.Host, Type1Container.Open(options.Calls, options.Host, isIommufd: false), AnyType1), options, enter);
    }

    private static VfioDevice Enter(IHostAddressSpace backend, VfioOpenOptions options, Func<IoAddressSpace, IHostAddressSpace, VfioDevice> enter) =>
        enter(new IoAddressSpace(backend, options.Calls), backend);

    private static VfioDevice OpenWithoutIommu(PciDeviceInfo device, VfioOpenOptions options)
    {
        SystemCalls calls = options.Calls;
        Type1Space container = new(calls, options.Host, Type1Container.Open(calls, options.Host, isIommufd: false), [Type1Model.None]);
        IDeviceBackend? backend = null;
        try
        {
            backend = container.Open(device, token: null);
            return new VfioDevice(backend, device.Address, options.Host, container);
        }
        catch
        {
            backend?.Dispose();
            container.Dispose();
            throw;
        }
    }

    private static IHostAddressSpace Make(VfioBackend backend, VfioOpenOptions options)
    {
        SystemCalls calls = options.Calls;
        HostRoot host = options.Host;
        return backend switch
        {
            VfioBackend.Iommufd => new IommufdSpace(calls, host, IommufdSpace.OpenIommufd(calls, host)),
            VfioBackend.Type1v2 => new Type1Space(calls, host, Type1Container.Open(calls, host, isIommufd: false), [Type1Model.Two]),
            VfioBackend.Type1 => new Type1Space(calls, host, Type1Container.Open(calls, host, isIommufd: false), [Type1Model.One]),
            VfioBackend.CompatibleType1v2 => new Type1Space(calls, host, Type1Container.Open(calls, host, isIommufd: true), [Type1Model.Two], BackendNames.Compatible),
            VfioBackend.CompatibleType1 => new Type1Space(calls, host, Type1Container.Open(calls, host, isIommufd: true), [Type1Model.One], BackendNames.Compatible),
            _ => throw new ArgumentOutOfRangeException(nameof(backend), backend, "no such backend"),
        };
    }
}
