using Vfio.Host;

namespace Vfio.Tests;

public sealed class HostSurveyTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private (string Reason, bool CanForce)[] Judge(FakeDevice device, bool thorough = true) =>
        [.. new HostSurvey(_host.Root)
            .Judge(device.Info, thorough)
            .Select(refusal => (refusal.Reason.ToWord(), refusal.CanForce))];

    private FakeDevice AddNic(int? group = 12) => _host.AddDevice("0000:00:14.3", driver: "e1000e", group: group);

    private FakeDevice AddDisk() => _host.AddDevice("0000:01:00.0", "1b36:0010", "010802", driver: "nvme", group: 13)
        .WithDisk("nvme0n1");

    [Fact]
    public void A_free_device_is_not_refused()
    {
        Assert.Empty(Judge(AddNic().WithInterface("eth0", isUp: true)));
        Assert.Empty(Judge(AddDisk()));
    }

    [Fact]
    public void A_bridge_is_always_refused_for_that_reason_only()
    {
        FakeDevice bridge = _host.AddDevice("0000:00:1c.0", classCode: "060400", driver: "pcieport")
            .WithFunctionLinks(3);
        Assert.Equal([("bridge", false)], Judge(bridge));
        Assert.Equal([("bridge", false)], Judge(bridge, thorough: false));
    }

    [Theory]
    [InlineData(0x00, false)]
    [InlineData(0x80, false)]
    [InlineData(0x01, true)]
    [InlineData(0x81, true)]
    [InlineData(0x02, true)]
    public void A_bridge_is_known_by_its_header_too(byte headerType, bool isBridge)
    {
        FakeDevice device = AddNic();
        byte[] config = new byte[64];
        config[14] = headerType;
        _host.Write($"{device.Path}/config", config);
        Assert.Equal(isBridge ? [("bridge", false)] : [], Judge(device));
        Assert.Empty(Judge(device, thorough: false)); // reading it may wake the device
    }

    [Fact]
    public void A_device_that_does_not_answer_is_not_called_a_bridge()
    {
        FakeDevice device = AddNic();
        byte[] config = new byte[64];
        config.AsSpan().Fill(0xff);
        _host.Write($"{device.Path}/config", config);
        Assert.DoesNotContain(("bridge", false), Judge(device));
    }

    [Fact]
    public void A_device_without_an_iommu_is_always_refused() =>
        Assert.Equal([("no-iommu", false)], Judge(AddNic(group: null)));

    [Fact]
    public void A_device_that_has_a_vfio_driver_is_not_checked_again()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci").WithFunctionLinks(3);
        Assert.Empty(Judge(device));
    }

    [Fact]
    public void A_mounted_disk_is_refused_unless_forced()
    {
        FakeDevice disk = AddDisk();
        _host.Append("proc/self/mountinfo", "30 22 259:0 / /srv rw - ext4 /dev/nvme0n1 rw\n");
        Assert.Equal([("mounted", true)], Judge(disk));
    }

    [Fact]
    public void A_disk_in_swap_is_refused_unless_forced()
    {
        FakeDevice disk = AddDisk();
        _host.Append("proc/swaps", "/dev/nvme0n1 partition\t1048572\t\t0\t\t-2\n");
        Assert.Equal([("swap", true)], Judge(disk));
    }

    [Fact]
    public void A_held_disk_is_refused_unless_forced()
    {
        FakeDevice disk = AddDisk();
        _host.Link($"{disk.Path}/nvme/nvme0/nvme0n1/holders/md0", "sys/devices/virtual/block/md0");
        Assert.Equal([("held", true)], Judge(disk));
    }

    [Fact]
    public void A_disk_that_a_program_has_open_is_refused_unless_forced()
    {
        FakeDevice disk = AddDisk();
        _host.AddProcess(99, "dd", 0, "/dev/nvme0n1");
        Assert.Equal([("open", true)], Judge(disk));
        Assert.Empty(Judge(disk, thorough: false));
    }

    [Fact]
    public void A_display_that_a_program_has_open_is_refused_unless_forced()
    {
        FakeDevice display = _host.AddDevice("0000:00:02.0", "1234:1111", "030000", driver: "bochs", group: 1)
            .WithAttribute("drm/card1/dev", "226:1\n")
            .WithAttribute("drm/card1/uevent", "MAJOR=226\nMINOR=1\nDEVNAME=dri/card1\n");
        Assert.Empty(Judge(display));
        _host.AddProcess(99, "Xorg", 0, "/dev/dri/card1");
        Assert.Equal([("open", true)], Judge(display));
    }

    [Fact]
    public void An_interface_whose_state_cannot_be_read_is_refused_unless_forced()
    {
        FakeDevice nic = AddNic().WithInterface("eth0");
        File.Delete(_host.PathOf($"{nic.Path}/net/eth0/flags"));
        Assert.Equal([("address", true)], Judge(nic));
    }

    [Fact]
    public void An_interface_with_an_address_is_refused_unless_forced()
    {
        FakeDevice nic = AddNic().WithInterface("eth0", isUp: true);
        _host.Append("proc/net/if_inet6", "20010db8000000000000000000000001 02 40 00 80 eth0\n");
        Assert.Equal([("address", true)], Judge(nic));
    }

    [Fact]
    public void An_interface_with_a_route_is_refused_unless_forced()
    {
        FakeDevice nic = AddNic().WithInterface("eth0", isUp: true);
        _host.Append("proc/net/route", "eth0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
        Assert.Equal([("route", true)], Judge(nic));
    }

    [Fact]
    public void A_port_of_a_bridge_is_refused_unless_forced()
    {
        FakeDevice nic = AddNic().WithInterface("eth0", isUp: true);
        _host.Link($"{nic.Path}/net/eth0/master", "sys/devices/virtual/net/br0");
        Assert.Equal([("port", true)], Judge(nic));
    }

    [Fact]
    public void The_boot_display_is_refused_unless_forced()
    {
        FakeDevice display = _host.AddDevice("0000:00:02.0", "1234:1111", "030000", driver: "bochs", group: 1)
            .WithAttribute("boot_vga", "1\n");
        Assert.Equal([("display", true)], Judge(display));
    }

    [Fact]
    public void A_physical_function_with_virtual_ones_is_refused_unless_forced()
    {
        FakeDevice nic = AddNic().WithFunctionLinks(3);
        BindingRefusal refusal = Assert.Single(new HostSurvey(_host.Root).GetRefusals(nic.Info));
        Assert.Equal((nic.Address, RefusalReason.Functions, true), (refusal.Device, refusal.Reason, refusal.CanForce));
        Assert.Equal("0000:00:14.3: 3 of its virtual functions are enabled", refusal.ToString());
    }

    [Fact]
    public void Every_reason_is_reported()
    {
        FakeDevice nic = AddNic(group: null).WithInterface("eth0", isUp: true).WithFunctionLinks(1);
        _host.Append("proc/net/if_inet6", "20010db8000000000000000000000001 02 40 00 80 eth0\n");
        _host.Append("proc/net/route", "eth0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
        Assert.Equal([("no-iommu", false), ("route", true), ("address", true), ("functions", true)], Judge(nic));
    }

    [Fact]
    public void A_survey_is_a_snapshot_of_the_tables()
    {
        FakeDevice disk = AddDisk();
        HostSurvey before = new(_host.Root);
        _host.Append("proc/swaps", "/dev/nvme0n1 partition\t1048572\t\t0\t\t-2\n");
        Assert.Empty(before.GetRefusals(disk.Info));
        Assert.Single(new HostSurvey(_host.Root).GetRefusals(disk.Info));
    }

    [Fact]
    public void Interfaces_and_disks_are_returned_by_name()
    {
        FakeDevice nic = AddNic().WithInterface("eth0", isUp: true).WithInterface("eth1");
        FakeDevice disk = AddDisk();
        HostSurvey survey = new(_host.Root);
        Assert.Equal(["eth0", "eth1"], survey.GetInterfaces(nic.Address));
        Assert.Equal(["nvme0n1"], survey.GetDisks(disk.Address));
        Assert.Equal(
            [new InterfaceState { Name = "eth0", IsUp = true }, new InterfaceState { Name = "eth1", IsUp = false }],
            survey.InterfaceStates(nic.Address));
    }
}
