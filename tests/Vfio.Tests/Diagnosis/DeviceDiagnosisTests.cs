using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed partial class DeviceDiagnosisTests : IDisposable
{
    private const int GroupOfTwo = 13;

    private readonly FakeHost _host = SoundHost.Make();

    private FakeDevice Card => _host[SoundHost.Card];

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_sound_card_can_be_bound()
    {
        HostDiagnosis diagnosis = Examine();
        Assert.Equal(SoundHost.Card, diagnosis.Device?.Address);
        Assert.All(diagnosis.Findings, finding => Assert.True(finding.Level == FindingLevel.Ok, finding.ToString()));
        Assert.Equal("it is bound to e1000e and not in use; vfio bind can bind it", Find(FindingTopic.Driver).Message);
        Assert.Equal("group 7 contains only this device", Find(FindingTopic.Group).Message);
        Card.SetDriver(null);
        Assert.Equal("it has no driver; vfio bind can bind it", Find(FindingTopic.Driver).Message);
    }

    [Fact]
    public void An_absent_device_is_an_error() =>
        Assert.Throws<VfioException>(() => HostDiagnosis.Examine(PciAddress.Parse("0000:7f:00.0"), _host.Root));

    [Fact]
    public void A_device_without_an_iommu_cannot_be_bound()
    {
        _host.AddDevice("0000:02:00.0", driver: "igb");
        Assert.Equal(
            (FindingTopic.Group, "this device is not behind an IOMMU, although the host has one"),
            Blocking("0000:02:00.0"));
    }

    [Theory]
    [InlineData("direct", FindingLevel.Error)]
    [InlineData("reserved", FindingLevel.Ok)]
    public void Memory_that_the_firmware_reserves_for_the_device_blocks(string kind, FindingLevel level)
    {
        _host.Write(
            "sys/kernel/iommu_groups/7/reserved_regions",
            $"0x00000000fee00000 0x00000000feefffff msi\n0x000000007b800000 0x000000007f7fffff {kind}\n");
        Assert.Equal(level, Find(FindingTopic.ReservedRegions).Level);
        Assert.Contains("0x7b800000-0x7f7fffff", Find(FindingTopic.ReservedRegions).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_address_register_without_space_is_reported_with_a_solution()
    {
        byte[] config = new byte[64];
        config[0] = 0x86;
        config[0x18] = 0x0c; // BAR2: 64 bits, prefetchable
        _host.Write($"{Card.Path}/config", config);
        Finding finding = Find(FindingTopic.NoAddress);
        Assert.Equal("bar2 has no address, because the kernel found no space for it", finding.Message);
        Assert.Contains("rescan", finding.Command, StringComparison.Ordinal);
        Assert.Contains("pci=realloc=on", finding.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("direct-relaxable")]
    [InlineData("msi")]
    public void Reserved_memory_that_does_not_block_is_not_reported(string kind)
    {
        _host.Write(
            "sys/kernel/iommu_groups/7/reserved_regions", $"0x000000007b800000 0x000000007f7fffff {kind}\nnonsense\n");
        Assert.DoesNotContain(Examine().Findings, finding => finding.Topic == FindingTopic.ReservedRegions);
    }

    [Theory]
    [InlineData(null, null, "the bridge 0000:00:1c.0 to conventional PCI cannot tell the devices behind it apart")]
    [InlineData(7, null, "the bridge 0000:00:1c.0 to conventional PCI cannot tell the devices behind it apart")]
    [InlineData(4, null, "the port 0000:00:1c.0 lacks ACS")]
    [InlineData(4, 0x04, "the port 0000:00:1c.0 has ACS, but not all that isolation needs is enabled")]
    [InlineData(4, 0x1d, "a bridge above them does not isolate")]
    [InlineData(5, null, "a bridge above them does not isolate")]
    public void A_group_with_a_host_drivers_device_blocks_and_the_bridge_is_named(
        int? portType, int? control, string why)
    {
        ShareGroup(SoundHost.Bridge(portType, (ushort?)control));
        Assert.Equal(
            (
                FindingTopic.Group,
                "group 13 is not viable: other devices in it are bound to host drivers, 0000:03:02.0 (virtio-pci)"),
            Blocking("0000:03:01.0"));
        Finding finding = Examine("0000:03:01.0").Findings[0];
        Assert.Contains(why, finding.Reason, StringComparison.Ordinal);
        Assert.Equal("sudo vfio bind --group 0000:03:01.0", finding.Command);
        Assert.DoesNotContain(Examine("0000:03:01.0").Findings, finding => finding.Topic == FindingTopic.Acs);
    }

    [Fact]
    public void A_bridge_that_only_root_can_examine_is_reported_as_such()
    {
        ShareGroup(SoundHost.Bridge(4)[..64]);
        Finding finding = Assert.Single(Examine("0000:03:01.0").Findings, finding => finding.Topic == FindingTopic.Acs);
        Assert.Equal((FindingLevel.Unknown, "sudo vfio doctor 0000:03:01.0"), (finding.Level, finding.Command));
        Assert.Contains("0000:00:1c.0", Examine("0000:03:01.0").Findings[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_that_cannot_be_bound_as_a_whole_has_no_command()
    {
        ShareGroup(SoundHost.Bridge(7)).WithInterface("eth1", isUp: true);
        _host.Write(
            "proc/net/route",
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
            + "eth1\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
        Finding finding = Examine("0000:03:01.0").Findings[0];
        Assert.Null(finding.Command);
        Assert.Contains(
            "0000:03:02.0 cannot be bound with it: its interface eth1 carries",
            finding.Advice,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_without_host_drivers_is_fine()
    {
        ShareGroup(SoundHost.Bridge(7)).SetDriver(null);
        Finding finding = Assert.Single(
            Examine("0000:03:01.0").Findings, finding => finding.Topic == FindingTopic.Group);
        Assert.Equal(FindingLevel.Ok, finding.Level);
        Assert.Contains("shared with 0000:03:02.0 (no driver)", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Functions_of_a_device_without_acs_share_a_group()
    {
        _host.AddDevice("0000:05:00.0", driver: "snd_hda_intel", group: 20);
        _host.AddDevice("0000:05:00.1", driver: "xhci_hcd", group: 20);
        Assert.Contains(
            "functions of one device, which does not isolate them",
            Examine("0000:05:00.0").Findings[0].Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_host_uses_it_for_blocks_with_the_command_that_stops_that()
    {
        Card.WithInterface("eth0", isUp: true);
        _host.Write(
            "proc/net/route",
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
            + "eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
        Assert.Equal(FindingTopic.InUse, Blocking().Topic);
        Assert.Equal("sudo ip link set eth0 down", Examine().Findings[0].Command);
        _host.AddDevice("0000:06:00.0", "1b36:0010", "010802", "nvme", 8).WithDisk("nvme0n1");
        _host.Write("proc/self/mountinfo", "40 1 259:0 / /srv rw,relatime - ext4 /dev/nvme0n1 rw\n");
        Assert.Equal((FindingTopic.InUse, "its disk nvme0n1 is mounted on /srv"), Blocking("0000:06:00.0"));
        Assert.Equal("sudo umount /dev/nvme0n1", Examine("0000:06:00.0").Findings[0].Command);
        _host.Write("proc/self/mountinfo", "");
        _host.Write("proc/swaps", "Filename\tType\n/dev/nvme0n1 partition\t1\t0\t-2\n");
        Assert.Equal("sudo swapoff /dev/nvme0n1", Examine("0000:06:00.0").Findings[0].Command);
    }

    [Fact]
    public void Enabled_virtual_functions_block()
    {
        Card.WithAttribute("sriov_totalvfs", "8\n").WithFunctionLinks(2);
        Assert.Equal((FindingTopic.InUse, "2 of its virtual functions are enabled"), Blocking());
        Assert.Equal("sudo vfio sriov 0000:01:00.0 0", Examine().Findings[0].Command);
    }

    [Fact]
    public void Virtual_functions_of_a_bound_card_are_reported()
    {
        Take();
        FakeDevice function = _host.AddDevice("0000:01:10.0", driver: "vfio-pci", group: 9);
        _host.Link($"{function.Path}/physfn", Card.Path);
        _host.Link($"{Card.Path}/virtfn0", function.Path);
        Card.WithAttribute("sriov_totalvfs", "8\n");
        Assert.Equal(FindingLevel.Info, Find(FindingTopic.Functions).Level);
        SoundHost.SetConfig(_host, function.Address, SoundHost.Header(command: 0));
        function.WithAttribute("resource", "0x00000000feb40000 0x00000000feb5ffff 0x0000000000040200\n");
        Finding[] findings = [.. Examine("0000:01:10.0").Findings];
        Assert.Equal(FindingLevel.Info, Assert.Single(findings, finding => finding.Topic == FindingTopic.Token).Level);
        Assert.DoesNotContain(findings, finding => finding.Topic == FindingTopic.Decoding); // it has no such bit
    }

    [Fact]
    public void A_bridge_stays()
    {
        _host.AddDevice("0000:00:1c.0", "1b36:000c", "060400", "pcieport", 30);
        Assert.Equal((FindingTopic.Bridge, "it is a bridge"), Blocking("0000:00:1c.0"));
    }

    [Theory]
    [InlineData("vfio-pci", true)]
    [InlineData("e1000e", false)]
    public void An_override_that_was_left_behind_warns(string name, bool warns)
    {
        Card.WithOverride(name);
        Assert.Equal(warns, Examine().Findings
            .Any(finding => finding is { Topic: FindingTopic.Override, Level: FindingLevel.Warning }));
        Take();
        Assert.DoesNotContain(Examine().Findings, finding => finding.Topic == FindingTopic.Override);
    }

    [Fact]
    public void A_holder_blocks()
    {
        Take();
        _host.AddProcess(4712, "qemu", 0, "/dev/vfio/devices/vfio0");
        Assert.Equal(FindingTopic.Open, Blocking().Topic);
        Assert.Contains("pid 4712 (qemu", Blocking().What, StringComparison.Ordinal);
        _host.EndProcess(4712);
        Assert.True(Examine().IsUsable);
    }

    [Fact]
    public void A_card_that_is_bound_without_an_iommu_is_a_warning()
    {
        Take();
        _host.Write("sys/kernel/iommu_groups/7/name", "vfio-noiommu\n");
        _host.Write("sys/kernel/iommu_groups/8/type", "DMA\n");
        Assert.Equal(FindingLevel.Warning, Find(FindingTopic.NoIommu).Level);
    }

    [Fact]
    public void A_device_that_reads_as_all_ones_does_not_answer()
    {
        SoundHost.SetConfig(_host, SoundHost.Card, [.. Enumerable.Repeat((byte)0xff, 64)]);
        Assert.Equal(FindingTopic.Answers, Blocking().Topic);
        Assert.Equal(
            "echo 1 | sudo tee /sys/bus/pci/devices/0000:01:00.0/remove /sys/bus/pci/rescan",
            Examine().Findings[0].Command);
    }

    [Theory]
    [InlineData(0x0002, "e1000e", FindingLevel.Ok, "it answers to memory accesses")]
    [InlineData(0x0000, "e1000e", FindingLevel.Warning, "memory decoding is off (Mem- in COMMAND) while")]
    [InlineData(0x0000, null, FindingLevel.Ok, "memory decoding is off (Mem- in COMMAND), as in every")]
    [InlineData(0x0000, "vfio-pci", FindingLevel.Ok, "memory decoding is off (Mem- in COMMAND), as in every")]
    public void Memory_decoding_matters_while_the_device_is_in_use(
        ushort command, string? driver, FindingLevel level, string what)
    {
        SoundHost.SetConfig(_host, SoundHost.Card, SoundHost.Header(command));
        Card.SetDriver(driver);
        Assert.Equal(level, Find(FindingTopic.Decoding).Level);
        Assert.StartsWith(what, Find(FindingTopic.Decoding).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_without_power_warns_and_is_not_woken()
    {
        Card.WithAttribute("power_state", "D3cold\n");
        SoundHost.SetConfig(_host, SoundHost.Card, [.. Enumerable.Repeat((byte)0xff, 64)]);
        Assert.True(Examine().IsUsable);
        Assert.Equal(
            (FindingLevel.Warning, "echo 0 | sudo tee /sys/bus/pci/devices/0000:01:00.0/d3cold_allowed"),
            (Find(FindingTopic.Power).Level, Find(FindingTopic.Power).Command));
        Card.WithAttribute("power_state", "D3hot\n").WithAttribute("d3cold_allowed", "0\n");
        Assert.Equal("D3hot; D3cold is forbidden", Find(FindingTopic.Power).Message);
    }

    [Theory]
    [InlineData("fatal", FindingLevel.Warning)]
    [InlineData("nonfatal", FindingLevel.Warning)]
    [InlineData("correctable", FindingLevel.Info)]
    public void Errors_are_counted(string kind, FindingLevel level)
    {
        Card.WithAttribute($"aer_dev_{kind}", "RxErr 2\nBadTLP 0\nTimeout 1\nTOTAL_ERR 3\n");
        Assert.Equal(
            (level, $"3 {kind} PCIe errors: RxErr 2, Timeout 1"),
            (Find(FindingTopic.Errors).Level, Find(FindingTopic.Errors).Message));
    }

    [Theory]
    [InlineData("flr bus\n", false, FindingLevel.Ok)]
    [InlineData("\n", true, FindingLevel.Warning)]
    [InlineData(null, true, FindingLevel.Ok)]
    [InlineData(null, false, FindingLevel.Warning)]
    public void A_device_that_cannot_be_reset_warns(string? methods, bool hasFile, FindingLevel level)
    {
        File.Delete(_host.PathOf($"{Card.Path}/reset_method"));
        if (methods is not null)
        {
            Card.WithAttribute("reset_method", methods);
        }

        if (hasFile)
        {
            Card.WithAttribute("reset", "");
        }

        Assert.Equal(level, Find(FindingTopic.Reset).Level);
    }

    [Fact]
    public void The_firmwares_framebuffer_holds_a_display()
    {
        FakeDevice display = _host.AddDevice("0000:04:00.0", "1002:73bf", "030000", "vfio-pci", 21)
            .WithAttribute("resource", "0x00000000c0000000 0x00000000cfffffff 0x000000000014220c\n")
            .WithAttribute("boot_vga", "1\n");
        _host.Write("sys/bus/platform/devices/simple-framebuffer.0/modalias", "");
        _host.Link(
            "sys/bus/platform/devices/simple-framebuffer.0/driver", "sys/bus/platform/drivers/simple-framebuffer");
        _host.Write("proc/iomem", "00000000-00000000 : PCI Bus\n  00000000-00000000 : BOOTFB\n");
        Assert.Equal(FindingLevel.Unknown, Assert.Single(
            Examine("0000:04:00.0").Findings, finding => finding.Topic == FindingTopic.Framebuffer).Level);
        _host.Write("proc/iomem", "c0000000-cfffffff : PCI Bus\n  c0000000-c02fffff : BOOTFB\n");
        Assert.Equal(FindingTopic.Framebuffer, Blocking("0000:04:00.0").Topic);
        Assert.Equal(
            "echo simple-framebuffer.0 | sudo tee /sys/bus/platform/drivers/simple-framebuffer/unbind",
            Examine("0000:04:00.0").Findings[0].Command);
        _host.Write("proc/iomem", "c0000000-cfffffff : PCI Bus\n");
        Assert.DoesNotContain(Examine("0000:04:00.0").Findings, finding => finding.Topic == FindingTopic.Framebuffer);
        display.SetDriver(null);
        Assert.Equal((FindingTopic.InUse, "it is the boot display"), Blocking("0000:04:00.0"));
    }

    private FakeDevice ShareGroup(byte[] bridgeConfig)
    {
        FakeDevice bridge = _host.AddDevice("0000:00:1c.0", "1b36:000e", "060400", group: GroupOfTwo);
        SoundHost.SetConfig(_host, bridge.Address, bridgeConfig);
        _host.AddDevice("0000:03:01.0", "1234:11e8", "00ff00", group: GroupOfTwo, below: "0000:00:1c.0")
            .WithAttribute("reset_method", "bus\n");
        return _host.AddDevice("0000:03:02.0", "1af4:1041", "020000", "virtio-pci", GroupOfTwo, below: "0000:00:1c.0");
    }

    private void Take()
    {
        _host.AddDeviceNodes();
        Card.SetDriver("vfio-pci");
    }

    private HostDiagnosis Examine(string? address = null) =>
        HostDiagnosis.Examine(address is null ? SoundHost.Card : PciAddress.Parse(address), _host.Root);

    private Finding Find(FindingTopic topic) => Assert.Single(Examine().Findings, finding => finding.Topic == topic);

    private (FindingTopic Topic, string What) Blocking(string? address = null)
    {
        HostDiagnosis diagnosis = Examine(address);
        Assert.False(diagnosis.IsUsable);
        Finding first = diagnosis.Findings[0];
        Assert.Equal(FindingLevel.Error, first.Level);
        Assert.True(first.Command is not null || first.Advice is not null, first.ToString());
        return (first.Topic, first.Message);
    }
}
