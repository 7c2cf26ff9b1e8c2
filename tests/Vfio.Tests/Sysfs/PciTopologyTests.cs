using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// The place of a device, from the path of its folder in <c>/sys/devices</c>, and the content of its link files.
/// </summary>
public sealed class PciTopologyTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("pci0000:00/0000:00:1c.0", null, "0000:00")]
    [InlineData("pci0000:00/0000:00:1c.0/0000:03:01.0", "0000:00:1c.0", "0000:00")]
    [InlineData("pci0001:80/0001:80:01.0/0001:81:00.0/0001:82:02.0/0001:83:00.0", "0001:82:02.0", "0001:80")]
    [InlineData("LNXSYSTM:00/VMBUS:00/47505500-0001/pci1a2b:00/1a2b:00:00.0", null, "1a2b:00")]
    // Intel VMD: a domain below a device
    [InlineData("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0", "0000:00:0e.0", "10000:e0")]
    [InlineData("pcixyz/0000:00:1c.0", null, null)]
    [InlineData("pci/0000:00:1c.0", null, null)]
    [InlineData("platform/0000:00:1c.0", null, null)]
    public void The_path_contains_the_bridge_above_and_the_root_bus(string place, string? parent, string? rootBus)
    {
        PciDeviceInfo device = Add(place);
        Assert.Equal((parent, rootBus), (device.GetParent()?.ToString(), device.GetRootBus()));
    }

    [Fact]
    public void A_device_that_no_longer_exists_has_no_place()
    {
        PciDeviceInfo device = Add("pci0000:00/0000:00:1c.0/0000:03:01.0");
        Directory.Delete(_host.PathOf("sys/devices"), recursive: true);
        File.Delete(_host.PathOf("sys/bus/pci/devices/0000:03:01.0"));
        Assert.Null(device.GetParent());
        Assert.Null(device.GetRootBus());
        Assert.Null(device.GetPhysicalFunction());
        Assert.Null(device.GetLink());
    }

    [Fact]
    public void A_virtual_function_names_its_physical_one()
    {
        PciDeviceInfo physical = Add("pci0000:00/0000:01:00.0");
        PciDeviceInfo function = Add("pci0000:00/0000:01:10.0");
        File.CreateSymbolicLink(_host.PathOf("sys/devices/pci0000:00/0000:01:10.0/physfn"), "../0000:01:00.0");
        Assert.Equal(physical.Address, function.GetPhysicalFunction());
        Assert.Null(physical.GetPhysicalFunction());
    }

    [Theory]
    [InlineData("8.0 GT/s PCIe", "4", "16.0 GT/s PCIe", "16", 8.0, 4, 16.0, 16)]
    [InlineData("2.5 GT/s", "1", "5 GT/s", "32", 2.5, 1, 5.0, 32)]
    [InlineData("Unknown", "0", "Unknown", "255", null, null, null, null)] // what Linux says of what is built in
    [InlineData("-8.0 GT/s", "33", "1e9 GT/s", "-1", null, null, null, null)]
    [InlineData("", "99999999999999999999", "99999 GT/s", "x", null, null, null, null)]
    public void A_link_has_speeds_and_widths_that_can_be(
        string speed,
        string width,
        string maxSpeed,
        string maxWidth,
        double? currentSpeed,
        int? currentWidth,
        double? mostSpeed,
        int? mostWidth)
    {
        PciDeviceInfo device = Add("pci0000:00/0000:00:1c.0");
        foreach ((string name, string text) in (ReadOnlySpan<(string, string)>)
            [
                ("current_link_speed", speed),
                ("current_link_width", width),
                ("max_link_speed", maxSpeed),
                ("max_link_width", maxWidth),
            ])
        {
            _host.Write($"sys/devices/pci0000:00/0000:00:1c.0/{name}", text + "\n");
        }

        Assert.Equal(new PciLink
        {
            CurrentSpeed = currentSpeed,
            CurrentWidth = currentWidth,
            MaxSpeed = mostSpeed,
            MaxWidth = mostWidth,
        }, device.GetLink());
    }

    [Fact]
    public void A_conventional_device_has_no_link() => Assert.Null(Add("pci0000:00/0000:00:1c.0").GetLink());

    private PciDeviceInfo Add(string place)
    {
        string address = place.Split('/')[^1];
        _host.Write($"sys/devices/{place}/modalias", "pci:v00001B36d0000000Csv00000000sd00000000bc06sc04i00\n");
        File.CreateSymbolicLink(_host.PathOf($"sys/bus/pci/devices/{address}"), $"../../../devices/{place}");
        return new PciBus(_host.Root).Get(PciAddress.Parse(address));
    }
}
