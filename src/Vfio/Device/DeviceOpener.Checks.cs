namespace Vfio;

// Checks of what sysfs shows, before anything is opened.
internal static partial class DeviceOpener
{
    private const string PciApi = "vfio-pci";

    private static void Check(IHostDevice device, VfioOpenOptions options)
    {
        if (device is MediatedDevice mediated)
        {
            Check(mediated, options);
        }
        else if (device is PciDeviceInfo pci)
        {
            Check(pci, options);
        }
    }

    private static void Check(PciDeviceInfo device, VfioOpenOptions options)
    {
        string name = device.Address.ToString();
        if (device.IommuGroup is null)
        {
            throw new VfioException(
                "open",
                name,
                "the device has no IOMMU group",
                "is the IOMMU on? check for intel_iommu=on in /proc/cmdline, and for VT-d or AMD-Vi in "
                + "the firmware's setup");
        }

        if (device.Driver is null && new DeviceHolders(options.Host).GetHolders(device) is { Count: > 0 } holders)
        {
            // The kernel removes the link to the driver first, and then waits.
            throw new VfioException("open", name, Errno.EBUSY, $"the kernel is "
                + $"unbinding it from its VFIO driver, and waits for "
                + $"{string.Join(", ", holders)} to close it")
            { Reason = VfioErrorReason.Busy, Device = name };
        }

        if (!device.HasVfioDriver)
        {
            throw NotBound(device, name);
        }

        bool hasNoIommu = device.IsNoIommu();
        if (hasNoIommu && options.Backend != VfioBackend.NoIommu)
        {
            throw new VfioException(
                "open", name, "the device is not behind an IOMMU: it could access all memory of the host",
                "to use it without isolation, choose VfioBackend.NoIommu (--backend noiommu)");
        }

        if (!hasNoIommu && options.Backend == VfioBackend.NoIommu)
        {
            throw new VfioException(
                "open",
                name,
                "the device is behind an IOMMU; noiommu is for devices without one",
                "omit the backend; the library chooses one");
        }
    }

    private static VfioException NotBound(PciDeviceInfo device, string name)
    {
        string reason = device.Driver is null
            ? "the device has no driver"
            : $"the device is bound to the driver {device.Driver}";
        return device.IsBridge
            ? new VfioException(
                "open", name, reason, "bridges and ports stay with the kernel; the devices behind them can be bound")
            : new VfioException("open", name, reason, "bind it to vfio-pci first")
            {
                Reason = VfioErrorReason.NotBound,
                Device = name,
            };
    }

    private static void Check(MediatedDevice device, VfioOpenOptions options)
    {
        if (options.VirtualFunctionToken is not null)
        {
            throw new ArgumentException(
                "a mediated device is not a virtual function, so it does not accept a token", nameof(options));
        }

        string name = MediatedDevice.Name(device.Id);
        if (device.IommuGroup is null)
        {
            throw new VfioException(
                "open",
                name,
                device.Driver is null
                    ? "the device has no driver"
                    : $"its driver, {device.Driver}, is not a VFIO driver",
                $"its parent {device.Parent} needs a driver that creates mediated devices for VFIO; the kernel's "
                + $"log (dmesg) says more");
        }

        if (device.DeviceApi is string api && api != PciApi)
        {
            throw new VfioException(
                "open", name, $"it is a {api} device; this library supports only PCI devices ({PciApi})");
        }

        if (options.Backend == VfioBackend.NoIommu)
        {
            throw new VfioException(
                "open",
                name,
                "a mediated device always has an address space: its driver accesses memory for it",
                "omit the backend; the library chooses one");
        }
    }
}
