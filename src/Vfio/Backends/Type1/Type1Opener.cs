using Microsoft.Win32.SafeHandles;

namespace Vfio.Backends.Type1;

/// <summary>Opens a device through its group and a container of its own: acquires in order, releases in reverse when a step fails.</summary>
internal static class Type1Opener
{
    public static IDeviceBackend Open(HostRoot host, PciDeviceInfo device, string? iommuModel = null)
    {
        int number = device.IommuGroup
            ?? throw new VfioException(
                "open", device.Address.ToString(), "the device has no IOMMU group",
                "is the IOMMU on? look for intel_iommu=on in /proc/cmdline, and VT-d or AMD-Vi in the firmware's setup");
        if (!device.HasVfioDriver)
        {
            throw new VfioException(
                "open", device.Address.ToString(),
                device.Driver is null ? "no driver has the device" : $"the device belongs to the driver {device.Driver}",
                $"take it first: vfio bind {device.Address}");
        }

        SafeFileHandle? group = null;
        SafeFileHandle container = Type1Container.Open(host);
        try
        {
            group = Type1Group.Open(host, number, device);
            Type1Group.CheckViable(group, host, number);
            Type1Group.SetContainer(group, container, number);
            string model = Type1Container.SetIommu(container, iommuModel);
            SafeFileHandle file = Type1Group.GetDevice(group, number, device.Address);
            return new DeviceFile(file, device.Address.ToString(), model, group, container);
        }
        catch
        {
            group?.Dispose();
            container.Dispose();
            throw;
        }
    }
}
