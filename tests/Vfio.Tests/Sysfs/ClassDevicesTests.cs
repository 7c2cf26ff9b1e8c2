namespace Vfio.Tests;

public sealed class ClassDevicesTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private IReadOnlyList<string> On(FakeDevice device, string className = "net") =>
        new ClassDevices(_host.Root, className).On(device.Address);

    [Fact]
    public void Interfaces_of_a_device_come_sorted()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "e1000e")
            .WithInterface("eth1")
            .WithInterface("eth0");
        FakeDevice other = _host.AddDevice("0000:00:15.0", driver: "e1000e").WithInterface("eth2");
        Assert.Equal(["eth0", "eth1"], On(device));
        Assert.Equal(["eth2"], On(other));
    }

    [Fact]
    public void A_device_without_class_devices_has_an_empty_list()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "e1000e");
        Assert.Empty(On(device));
        Assert.Empty(On(device, "no-such-class"));
    }

    [Fact]
    public void An_interface_behind_virtio_belongs_to_the_pci_device()
    {
        FakeDevice device = _host.AddDevice("0000:00:03.0", driver: "virtio-pci")
            .WithInterface("eth0", under: "virtio0");
        Assert.Equal(["eth0"], On(device));
    }

    [Fact]
    public void An_interface_behind_usb_belongs_to_the_controller()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.0", driver: "xhci_hcd")
            .WithInterface("enx0", under: "usb2/2-1/2-1:1.0");
        Assert.Equal(["enx0"], On(device));
    }

    [Fact]
    public void A_disk_behind_scsi_belongs_to_the_controller_with_its_partitions()
    {
        FakeDevice device = _host.AddDevice("0000:00:1f.2", driver: "ahci")
            .WithDisk("sda", "8:0", "ata1/host0/target0:0:0/0:0:0:0/block")
            .WithDisk("sda1", "8:1", "ata1/host0/target0:0:0/0:0:0:0/block/sda");
        Assert.Equal(["sda", "sda1"], On(device, "block"));
    }

    [Fact]
    public void A_device_behind_a_bridge_is_not_the_bridges()
    {
        FakeDevice bridge = _host.AddDevice("0000:00:1c.0", classCode: "060400", driver: "pcieport");
        FakeDevice device = _host.AddDevice("0000:02:00.0", driver: "e1000e", below: "0000:00:1c.0")
            .WithInterface("eth0");
        Assert.Equal(["eth0"], On(device));
        Assert.Empty(On(bridge));
    }

    [Fact]
    public void A_multipath_namespace_belongs_to_every_controller_of_its_subsystem()
    {
        const string Subsystem = "sys/devices/virtual/nvme-subsystem/nvme-subsys0";
        FakeDevice first = _host.AddDevice("0000:01:00.0", classCode: "010802", driver: "nvme");
        FakeDevice second = _host.AddDevice("0000:02:00.0", classCode: "010802", driver: "nvme");
        FakeDevice other = _host.AddDevice("0000:03:00.0", classCode: "010802", driver: "nvme");
        _host.Write($"{Subsystem}/nvme0n1/dev", "259:0\n");
        _host.Write($"{Subsystem}/nvme0n1/nvme0n1p1/dev", "259:1\n");
        _host.Link($"{Subsystem}/nvme0", $"{first.Path}/nvme/nvme0");
        _host.Link($"{Subsystem}/nvme1", $"{second.Path}/nvme/nvme1");
        _host.Link($"{Subsystem}/subsystem", "sys/class/nvme-subsystem");
        _host.Link("sys/class/block/nvme0n1", $"{Subsystem}/nvme0n1");
        _host.Link("sys/class/block/nvme0n1p1", $"{Subsystem}/nvme0n1/nvme0n1p1");
        Assert.Equal(["nvme0n1", "nvme0n1p1"], On(first, "block"));
        Assert.Equal(["nvme0n1", "nvme0n1p1"], On(second, "block"));
        Assert.Empty(On(other, "block"));
    }

    [Fact]
    public void Devices_without_a_pci_device_are_skipped()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "e1000e");
        _host.Write("sys/devices/virtual/net/lo/flags", "0x9\n");
        _host.Link("sys/class/net/lo", "sys/devices/virtual/net/lo");
        _host.Write("sys/class/net/bonding_masters", "\n");
        Directory.CreateDirectory(_host.PathOf("sys/class/net/folder"));
        File.CreateSymbolicLink(_host.PathOf("sys/class/net/dangling"), "/nonexistent");
        File.CreateSymbolicLink(_host.PathOf("sys/class/net/itself"), "itself");
        File.CreateSymbolicLink(_host.PathOf("sys/class/net/deep"), string.Concat(Enumerable.Repeat("../", 500)));
        Assert.Empty(On(device));
    }
}
