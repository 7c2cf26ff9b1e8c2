using System.Text;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class PciBusTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private PciBus Bus => new(_host.Root);

    [Fact]
    public void Devices_come_in_the_order_of_their_addresses()
    {
        foreach (string address in (string[])[
            "10000:01:00.0",
            "0000:00:1f.3",
            "0000:00:02.0",
            "0001:00:00.0",
            "0000:03:00.0",
        ])
        {
            _host.AddDevice(address);
        }

        Assert.Equal(
            ["0000:00:02.0", "0000:00:1f.3", "0000:03:00.0", "0001:00:00.0", "10000:01:00.0"],
            Bus.GetDevices().Select(device => device.Address.ToString()));
    }

    [Fact]
    public void A_device_has_its_ids_class_driver_and_group()
    {
        _host.AddDevice("0000:00:14.3", "8086:10d3", "020000", driver: "e1000e", group: 12);
        PciDeviceInfo device = Assert.Single(Bus.GetDevices());
        Assert.Equal(
            (0x8086, 0x10d3, 0x1af4, 0x1100),
            (device.VendorId, device.DeviceId, device.SubsystemVendorId, device.SubsystemId));
        Assert.Equal((0x020000u, "e1000e", 12), (device.Class.Value, device.Driver, device.IommuGroup));
        Assert.False(device.IsBridge);
        Assert.False(device.HasVfioDriver);
        Assert.Equal("0000:00:14.3 8086:10d3 (e1000e)", device.ToString());
    }

    [Fact]
    public void A_device_without_driver_and_group_says_so()
    {
        _host.AddDevice("0000:00:14.3");
        PciDeviceInfo device = Assert.Single(Bus.GetDevices());
        Assert.Equal(
            (null, null, "0000:00:14.3 8086:10d3 (no driver)"), (device.Driver, device.IommuGroup, device.ToString()));
    }

    [Fact]
    public void A_look_is_a_snapshot()
    {
        FakeDevice nic = _host.AddDevice("0000:00:14.3", driver: "e1000e");
        PciDeviceInfo before = Bus.Get(nic.Address);
        nic.SetDriver(null);
        Assert.Equal("e1000e", before.Driver);
        Assert.Null(Bus.Get(nic.Address).Driver);
    }

    [Theory]
    [InlineData("vfio-pci", true)]
    [InlineData("mlx5_vfio_pci", true)]
    [InlineData("nvgrace-gpu-vfio-pci", true)]
    [InlineData("e1000e", false)]
    [InlineData("pci-stub", false)]
    [InlineData(null, false)]
    public void Vfio_drivers_are_known_by_their_name(string? driver, bool isVfio)
    {
        _host.AddDevice("0000:00:14.3", driver: driver, group: 1);
        Assert.Equal(isVfio, Assert.Single(Bus.GetDevices()).HasVfioDriver);
    }

    [Fact]
    public void A_vfio_driver_of_any_name_is_known_by_its_folder()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "xe");
        Assert.False(device.Info.HasVfioDriver);
        device.WithAttribute("vfio-dev/vfio3/dev", "511:3\n");
        Assert.True(device.Info.HasVfioDriver);
    }

    [Theory]
    [InlineData("060400", true)]
    [InlineData("060000", true)]
    [InlineData("068000", true)]
    [InlineData("020000", false)]
    [InlineData("000000", false)]
    public void Bridges_are_known_by_their_class(string classCode, bool isBridge)
    {
        _host.AddDevice("0000:00:1c.0", classCode: classCode);
        Assert.Equal(isBridge, Assert.Single(Bus.GetDevices()).IsBridge);
    }

    [Theory]
    [InlineData("(null)\n", null)]
    [InlineData("\n", null)]
    [InlineData("", null)]
    [InlineData("vfio-pci\n", "vfio-pci")]
    public void The_override_is_read_as_the_kernel_writes_it(string text, string? expected)
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("driver_override", text);
        Assert.Equal(expected, device.Info.GetDriverOverride());
    }

    [Fact]
    public void An_absent_device_is_null_or_an_exception_with_a_hint()
    {
        PciAddress address = PciAddress.Parse("0000:00:14.3");
        Assert.Null(Bus.Find(address));
        VfioException absent = Assert.Throws<VfioException>(() => Bus.Get(address));
        Assert.Equal("0000:00:14.3", absent.Subject);
        Assert.Contains("/sys/bus/pci/devices", absent.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0000:00:03.0")]
    [InlineData("00:03.0")]
    [InlineData("eth0")]
    [InlineData("nvme0n1")]
    public void A_device_is_found_by_its_address_or_by_a_name_of_the_host(string name)
    {
        _host.AddDevice("0000:00:02.0").WithInterface("eth1");
        FakeDevice device = _host.AddDevice("0000:00:03.0").WithInterface("eth0").WithDisk("nvme0n1");
        Assert.Equal(device.Address, Bus.Find(name)?.Address);
    }

    [Theory]
    [InlineData("0000:00:04.0")]
    [InlineData("eth2")]
    [InlineData("../eth0")]
    [InlineData("")]
    public void A_name_of_no_device_is_null(string name)
    {
        _host.AddDevice("0000:00:03.0").WithInterface("eth0");
        Assert.Null(Bus.Find(name));
    }

    [Fact]
    public void A_name_of_two_devices_is_an_error_with_their_addresses()
    {
        _host.AddDevice("0000:00:02.0").WithInterface("card");
        _host.AddDevice("0000:00:03.0").WithDisk("card");
        VfioException ambiguous = Assert.Throws<VfioException>(() => Bus.Find("card"));
        Assert.Contains("0000:00:02.0, 0000:00:03.0", ambiguous.Message, StringComparison.Ordinal);
        Assert.Contains("address", ambiguous.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_without_pci_has_no_devices_and_no_groups()
    {
        Directory.Delete(_host.PathOf("sys"), recursive: true);
        Assert.Empty(Bus.GetDevices());
        Assert.Empty(Bus.GetGroups());
        Assert.Null(Bus.GetGroup(0));
    }

    [Fact]
    public void Groups_come_in_the_order_of_their_numbers_with_their_members()
    {
        _host.AddDevice("0000:02:01.0", group: 10);
        _host.AddDevice("0000:02:00.0", group: 10);
        _host.AddDevice("0000:00:14.3", group: 9);
        IReadOnlyList<IommuGroup> groups = Bus.GetGroups();
        Assert.Equal([9, 10], groups.Select(group => group.Number));
        Assert.Equal(["0000:02:00.0", "0000:02:01.0"], groups[1].Devices.Select(device => device.Address.ToString()));
        Assert.Equal("DMA-FQ", groups[0].DomainType);
        Assert.Null(Bus.GetGroup(11));
    }

    [Fact]
    public void Blockers_are_the_endpoints_with_a_host_driver()
    {
        _host.AddDevice("0000:00:1e.0", classCode: "060401", driver: "pcieport", group: 5);
        _host.AddDevice("0000:05:00.0", driver: "e1000e", group: 5);
        _host.AddDevice("0000:05:01.0", driver: "vfio-pci", group: 5);
        _host.AddDevice("0000:05:02.0", driver: "pci-stub", group: 5);
        _host.AddDevice("0000:05:03.0", group: 5);
        _host.AddDevice("0000:05:04.0", driver: "mlx5_vfio_pci", group: 5);
        _host.AddDevice("0000:05:05.0", driver: "snd_hda_intel", group: 5);
        IommuGroup group = Assert.Single(Bus.GetGroups());
        Assert.Equal(7, group.Devices.Count);
        Assert.Equal(["0000:05:00.0", "0000:05:05.0"], group.GetBlockers().Select(device => device.Address.ToString()));
    }

    [Fact]
    public void Folders_that_are_not_devices_are_skipped()
    {
        _host.AddDevice("0000:00:14.3", group: 1);
        foreach (string name in (string[])["garbage", "0000:00:14.3.bak", "0000:00:99.0", "..."])
        {
            _host.Write($"sys/bus/pci/devices/{name}/modalias", "pci:v00000001d00000001\n");
            _host.Write($"sys/kernel/iommu_groups/1/devices/{name}/modalias", "");
        }

        _host.Link("sys/bus/pci/devices/0000:00:15.0", "sys/devices/nowhere");
        _host.Write("sys/kernel/iommu_groups/1/devices/0000:00:16.0", "");
        Assert.Single(Bus.GetDevices());
        Assert.Single(Assert.Single(Bus.GetGroups()).Devices);
    }

    [Fact]
    public void Groups_with_a_name_that_is_not_a_number_are_skipped()
    {
        _host.AddDevice("0000:00:14.3", group: 5);
        foreach (string name in (string[])["garbage", "-1", "+5", " 5", "99999999999999999999", "0x5"])
        {
            Directory.CreateDirectory(_host.PathOf($"sys/kernel/iommu_groups/{name}"));
        }

        Assert.Equal([5], Bus.GetGroups().Select(group => group.Number));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("-5")]
    [InlineData("99999999999999999999")]
    [InlineData("")]
    public void A_group_link_that_names_no_group_is_ignored(string name)
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3");
        File.CreateSymbolicLink(_host.PathOf($"{device.Path}/iommu_group"), $"../../../kernel/iommu_groups/{name}");
        Assert.Null(device.Info.IommuGroup);
    }

    public static TheoryData<string, byte[]> HostileAliases => new()
    {
        { "empty", [] },
        { "no line end", "pci:v00008086d000010D3"u8.ToArray() },
        { "no values", "pci:vdsvsdbcsci"u8.ToArray() },
        { "no numbers", "pci:vzzzzzzzzdyyyyyyyysvxxxxxxxxbczzsczziz\n"u8.ToArray() },
        { "large numbers", "pci:vFFFFFFFFdFFFFFFFFsvFFFFFFFFsdFFFFFFFFbcFFscFFiFF\n"u8.ToArray() },
        { "negative numbers", "pci:v-0000001d-0000001bc-1sc-1i-1\n"u8.ToArray() },
        { "cut short", "pci:v00008086d000010"u8.ToArray() },
        { "names alone", Encoding.ASCII.GetBytes(new string('d', 4096)) },
        { "zero bytes", new byte[5000] },
        { "not utf-8", [.. "pci:v"u8, 0xff, 0xfe, 0x80, (byte)'d', 0xc0, (byte)'\n'] },
        { "one long line", Encoding.ASCII.GetBytes("pci:v" + new string('8', 10_000_000)) },
        {
            "a million lines",
            Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("pci:v00008086d000010D3\n", 1_000_000)))
        },
    };

    [Theory]
    [MemberData(nameof(HostileAliases), DisableDiscoveryEnumeration = true)]
    public void Whatever_modalias_holds_the_device_is_listed(string what, byte[] content)
    {
        FakeDevice hostile = _host.AddDevice("0000:00:14.3", group: 1);
        _host.AddDevice("0000:00:15.0", driver: "e1000e", group: 1);
        _host.Write($"{hostile.Path}/modalias", content);
        Assert.Equal(["0000:00:14.3", "0000:00:15.0"], Bus.GetDevices().Select(device => device.Address.ToString()));
        Assert.True(Bus.Get(hostile.Address).Driver is null, what);
        Assert.Equal(2, Bus.GetGroup(1)!.Devices.Count);
    }

    [Fact]
    public void Random_bytes_in_every_attribute_cause_no_exception()
    {
        Random random = new(4711);
        FakeDevice device = _host.AddDevice("0000:00:14.3", classCode: "030000", group: 1);
        for (int round = 0; round < 200; round++)
        {
            foreach (string name in (string[])[
                "modalias",
                "driver_override",
                "boot_vga",
                "resource",
                "config",
                "class",
            ])
            {
                byte[] content = new byte[random.Next(300)];
                random.NextBytes(content);
                _host.Write($"{device.Path}/{name}", content);
            }

            PciDeviceInfo info = Assert.Single(Bus.GetDevices());
            _ = info.GetDriverOverride();
            _ = info.IsBootDisplay();
            Assert.InRange(info.GetVirtualFunctionCount(), 0, ushort.MaxValue);
            _ = new HostSurvey(_host.Root).Judge(info, thorough: true);
        }
    }

    [Fact]
    public void A_device_without_modalias_is_ignored()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3");
        File.Delete(_host.PathOf($"{device.Path}/modalias"));
        Assert.Empty(Bus.GetDevices());
        Assert.Null(Bus.Find(device.Address));
    }

    [Fact]
    public void Attributes_that_are_missing_or_folders_read_as_nothing()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3");
        File.Delete(_host.PathOf($"{device.Path}/driver_override"));
        Directory.CreateDirectory(_host.PathOf($"{device.Path}/config"));
        PciDeviceInfo info = device.Info;
        Assert.Null(info.GetDriverOverride());
        Assert.False(info.IsBootDisplay());
        Assert.Equal(0, info.GetVirtualFunctionCount());
        Assert.Equal(0, info.ReadConfig(new byte[64]));
    }

    [Fact]
    public void Virtual_functions_are_counted_by_their_links()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("sriov_numvfs", "7\n").WithFunctionLinks(3);
        _host.Write($"{device.Path}/virtfnx", "");
        _host.Write($"{device.Path}/virtfn", "");
        Assert.Equal(3, device.Info.GetVirtualFunctionCount());
        Assert.Empty(device.Info.GetVirtualFunctions());
    }

    [Fact]
    public void Configuration_space_is_read_from_its_start_as_far_as_it_goes()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3");
        byte[] config = new byte[64];
        new Random(1).NextBytes(config);
        _host.Write($"{device.Path}/config", config);
        byte[] buffer = new byte[256];
        Assert.Equal(64, device.Info.ReadConfig(buffer));
        Assert.Equal(config, buffer[..64]);
        Assert.Equal(16, device.Info.ReadConfig(buffer.AsSpan(0, 16)));
        Assert.Equal(0, device.Info.ReadConfig([]));
    }
}
