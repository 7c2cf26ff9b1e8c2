namespace Vfio;

// Mediated devices: the same ways, with other things to look at first.
internal static partial class DeviceOpener
{
    private const string PciApi = "vfio-pci";

    public static VfioDevice Open(MediatedDevice device, VfioOpenOptions options)
    {
        Check(device, options);
        return Open(device, options, (space, host) => VfioDevice.Enter(device, options, space, () => host.Open(device, token: null)));
    }

    public static VfioDevice Take(Guid id, DeviceHandles handles, VfioOpenOptions options) => Take(handles, options, (space, host) =>
    {
        MediatedDevice device = MediatedDevice.Get(id, options.Host);
        Check(device, options);
        return VfioDevice.Enter(device, options, space, () => host.Take(handles.Device, MediatedDevice.Name(id), token: null));
    });

    private static void Check(MediatedDevice device, VfioOpenOptions options)
    {
        if (options.VirtualFunctionToken is not null)
        {
            throw new ArgumentException("a mediated device is no virtual function: it wants no token", nameof(options));
        }

        string name = MediatedDevice.Name(device.Id);
        if (device.IommuGroup is null)
        {
            throw new VfioException(
                "open", name, device.Driver is null ? "no driver has the device" : $"its driver, {device.Driver}, is none of VFIO's",
                $"its parent {device.Parent} should have a driver that makes mediated devices for VFIO; the kernel's log (dmesg) says more");
        }

        if (device.DeviceApi is string api && api != PciApi)
        {
            throw new VfioException("open", name, $"it is a {api} device, and this library knows PCI devices ({PciApi}) alone");
        }

        if (options.Backend == VfioBackend.NoIommu)
        {
            throw new VfioException(
                "open", name, "a mediated device has an address space always: its driver reaches memory for it", "leave the backend to the library");
        }
    }
}
