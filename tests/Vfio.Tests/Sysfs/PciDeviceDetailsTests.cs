using Vfio.Pci;

namespace Vfio.Tests;

public sealed class PciDeviceDetailsTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeDevice _device;

    public PciDeviceDetailsTests() => _device = _host.AddDevice("0000:00:14.3", driver: "e1000e");

    public void Dispose() => _host.Dispose();

    private PciDeviceDetails Read(params (string Name, string Text)[] attributes)
    {
        PciDeviceInfo device = new PciBus(_host.Root).Get(_device.Address);
        foreach ((string name, string text) in attributes)
        {
            string path = device.Attribute(name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        return device.GetDetails();
    }

    [Fact]
    public void Values_that_the_kernel_does_not_show_are_null()
    {
        PciDeviceDetails details = Read();
        Assert.Null(details.Revision);
        Assert.Null(details.NumaNode);
        Assert.Null(details.ResetMethods);
        Assert.Null(details.PowerState);
        Assert.Null(details.Link);
        Assert.Null(details.Slot);
        Assert.Null(details.PhysicalFunction);
        Assert.Null(details.Interrupt);
        Assert.Empty(details.Resources);
        Assert.Empty(details.MessageInterrupts);
        Assert.Empty(details.VirtualFunctions);
    }

    [Fact]
    public void Attributes_are_read()
    {
        PciDeviceDetails details = Read(
            ("revision", "0x1f\n"),
            ("numa_node", "1\n"),
            ("reset_method", "flr bus\n"),
            ("power_state", "D3hot\n"),
            ("current_link_speed", "2.5 GT/s PCIe\n"),
            ("current_link_width", "1\n"),
            ("max_link_speed", "8.0 GT/s PCIe\n"),
            ("max_link_width", "4\n"),
            ("irq", "20\n"),
            ("msi_irqs/31", "msix\n"),
            ("msi_irqs/30", "msix\n"));
        Assert.Equal((byte)0x1f, details.Revision);
        Assert.Equal(1, details.NumaNode);
        Assert.Equal(["flr", "bus"], details.ResetMethods!);
        Assert.Equal("D3hot", details.PowerState);
        Assert.Equal(new PciLink { CurrentSpeed = 2.5, CurrentWidth = 1, MaxSpeed = 8, MaxWidth = 4 }, details.Link);
        Assert.Equal(20, details.Interrupt);
        Assert.Equal([30, 31], details.MessageInterrupts);
        Assert.Equal("msix", details.MessageInterruptKind);
    }

    [Fact]
    public void A_node_of_minus_one_and_a_link_of_255_lanes_are_unknown()
    {
        PciDeviceDetails details = Read(
            ("numa_node", "-1\n"),
            ("current_link_speed", "Unknown\n"),
            ("current_link_width", "0\n"),
            ("max_link_speed", "Unknown\n"),
            ("max_link_width", "255\n"));
        Assert.Null(details.NumaNode);
        Assert.Equal(
            new PciLink { CurrentSpeed = null, CurrentWidth = null, MaxSpeed = null, MaxWidth = null }, details.Link);
    }

    [Fact]
    public void A_device_that_cannot_be_reset_says_so() => Assert.Empty(Read(("reset_method", "\n")).ResetMethods!);

    [Fact]
    public void Only_existing_resources_are_returned()
    {
        IReadOnlyList<PciResource> resources = Read(("resource",
            """
            0x00000000feb40000 0x00000000feb5ffff 0x0000000000040200
            0x0000000000000000 0x0000000000000000 0x0000000000000000
            0x000000000000e1a0 0x000000000000e1bf 0x0000000000040101
            0x0000004000000000 0x0000004000003fff 0x000000000014220c
            0x0000000000000000 0x0000000000000000 0x0000000000000000
            0x0000000000000000 0x000000000000ffff 0x0000000020040200
            0x00000000feb80000 0x00000000feb8ffff 0x0000000000046200
            0x0000004000010000 0x000000400001ffff 0x000000000014220c
            nonsense

            """)).Resources;
        Assert.Equal(
            [
                new PciResource
                {
                    Role = PciResourceRole.Bar,
                    Number = 0,
                    Address = 0xfeb40000,
                    Length = 0x20000,
                    Kind = PciBaseAddressKind.Memory32,
                    IsPrefetchable = false,
                },
                new PciResource
                {
                    Role = PciResourceRole.Bar,
                    Number = 2,
                    Address = 0xe1a0,
                    Length = 32,
                    Kind = PciBaseAddressKind.Io,
                    IsPrefetchable = false,
                },
                new PciResource
                {
                    Role = PciResourceRole.Bar,
                    Number = 3,
                    Address = 0x4000000000,
                    Length = 0x4000,
                    Kind = PciBaseAddressKind.Memory64,
                    IsPrefetchable = true,
                },
                new PciResource
                {
                    Role = PciResourceRole.Bar,
                    Number = 5,
                    Address = 0,
                    Length = 0x10000,
                    Kind = PciBaseAddressKind.Memory32,
                    IsPrefetchable = false,
                },
                new PciResource
                {
                    Role = PciResourceRole.Rom,
                    Number = 0,
                    Address = 0xfeb80000,
                    Length = 0x10000,
                    Kind = PciBaseAddressKind.Memory32,
                    IsPrefetchable = true,
                },
                new PciResource
                {
                    Role = PciResourceRole.VirtualFunctionBar,
                    Number = 0,
                    Address = 0x4000010000,
                    Length = 0x10000,
                    Kind = PciBaseAddressKind.Memory64,
                    IsPrefetchable = true,
                },
            ],
            resources);
        Assert.Equal(["bar0", "bar2", "bar3", "bar5", "rom", "vf-bar0"], resources.Select(resource => resource.Name));
    }

    [Fact]
    public void The_last_four_lines_of_a_bridge_are_its_windows()
    {
        FakeDevice bridge = _host.AddDevice("0000:00:1c.0", classCode: "060400", driver: "pcieport");
        PciDeviceInfo device = new PciBus(_host.Root).Get(bridge.Address);
        string[] lines =
        [
            .. Enumerable.Repeat("0x0000000000000000 0x0000000000000000 0x0000000000000000", 14),
            "0x00000000fe400000 0x00000000fe5fffff 0x0000000000000200",
        ];
        File.WriteAllText(device.Attribute("resource"), string.Join('\n', [.. lines, .. lines[..2]]) + "\n");
        Assert.Equal([new PciResource
        {
            Role = PciResourceRole.Window,
            Number = 1,
            Address = 0xfe400000,
            Length = 0x200000,
            Kind = PciBaseAddressKind.Memory32,
            IsPrefetchable = false,
        }], device.GetDetails().Resources);
    }

    [Fact]
    public void A_slot_is_found_by_its_address()
    {
        foreach ((string name, string address) in (IEnumerable<(string, string)>)[
            ("3", "0000:00:13\n"),
            ("7", "0000:00:14\n"),
        ])
        {
            string folder = _host.Root.Combine($"sys/bus/pci/slots/{name}");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "address"), address);
        }

        Assert.Equal("7", Read().Slot);
    }

    [Fact]
    public void Functions_name_each_other()
    {
        FakeDevice function = _host.AddDevice("0000:00:15.0", driver: "igbvf");
        PciBus bus = new(_host.Root);
        File.CreateSymbolicLink(bus.Get(_device.Address).Attribute("virtfn0"), $"../{function.Address}");
        File.CreateSymbolicLink(bus.Get(function.Address).Attribute("physfn"), $"../{_device.Address}");
        PciDeviceDetails details = Read(("sriov_totalvfs", "8\n"));
        Assert.Equal((8, function.Address), (details.TotalVirtualFunctions, Assert.Single(details.VirtualFunctions)));
        Assert.Equal(_device.Address, bus.Get(function.Address).GetDetails().PhysicalFunction);
    }
}
