// Binds a PCI device, reads the first dword of its first BAR, and releases the device to its kernel driver.
//
//   sudo dotnet run --project samples/ReadBar0 -- 0000:00:14.3
using Vfio;
using Vfio.Host;
using Vfio.Pci;

if (args is not [string text] || !PciAddress.TryParse(text, out PciAddress address))
{
    foreach (PciDeviceInfo nic in new PciBus().GetDevices().Where(device => device.Class.BaseClass == PciClass.Network))
    {
        Console.WriteLine($"{nic}, IOMMU group {nic.IommuGroup?.ToString() ?? "none"}");
    }

    Console.Error.WriteLine("usage: ReadBar0 ADDRESS");
    return 2;
}

try
{
    using DriverBinding binding = DriverBinding.Bind(address);
    using VfioDevice device = VfioDevice.Open(binding.Address);
    RegionIndex index = RegionIndex.Bar0;
    while (index < RegionIndex.Bar5 && !device.GetRegionInfo(index).IsImplemented)
    {
        index++;
    }

    using Region mapped = device.OpenRegion(index);
    using Region trapped = device.OpenRegion(index, RegionAccess.Trapped);
    Console.WriteLine($"{address} opened through {device.BackendName}; {index} has 0x{mapped.Length:x} bytes");
    Console.WriteLine($"{(mapped.IsMapped ? "mapped" : "not mappable")}: 0x{mapped.ReadUInt32(0):x8}");
    Console.WriteLine($"through the file descriptor: 0x{trapped.ReadUInt32(0):x8}");
    return 0;
}
catch (VfioException e)
{
    Console.Error.WriteLine($"ReadBar0: {e.Message}{(e.Hint is null ? "" : $"\nhint: {e.Hint}")}");
    return e is BindingRefusedException ? 3 : 1;
}
