using Vfio.Host;

namespace Vfio.Tests;

/// <summary>Uses of the devices below a device, and holders of its files.</summary>
public sealed class UseBelowTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private FakeDevice AddVmd(string? mountPoint)
    {
        FakeDevice vmd = _host.AddDevice("0000:17:05.5", "8086:201d", "010400", driver: "vmd", group: 9);
        string below = $"{vmd.Path["sys/devices/pci0000:00/".Length..]}/pci10000:00";
        FakeDevice port = _host.AddDevice(
            "10000:00:02.0", "8086:2030", "060400", driver: "pcieport", group: 9, below: below);
        _ = port;
        _host
            .AddDevice(
                "10000:01:00.0", "8086:0a54", "010802", driver: "nvme", group: 9, below: $"{below}/10000:00:02.0")
            .WithDisk("nvme0n1");
        if (mountPoint is not null)
        {
            _host.Append("proc/self/mountinfo", $"30 1 259:0 / {mountPoint} rw - ext4 /dev/nvme0n1 rw\n");
        }

        return vmd;
    }

    [Fact]
    public void A_file_system_behind_a_device_that_is_not_a_bridge_is_a_use_of_it()
    {
        FakeDevice vmd = AddVmd("/");
        BindingRefusal refusal = Assert.Single(new HostSurvey(_host.Root).GetRefusals(vmd.Info));
        Assert.Equal(
            ("mounted", "behind it: 10000:01:00.0, whose disk nvme0n1 is mounted on /", true),
            (refusal.Reason.ToWord(), refusal.Explanation, refusal.CanForce));
    }

    [Fact]
    public void Devices_that_disappear_with_a_device_are_reported()
    {
        FakeDevice vmd = AddVmd(mountPoint: null);
        BindingPlan plan = BindingPlan.Compute(
            [vmd.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) });
        Assert.Empty(plan.Refusals);
        Assert.Contains(
            "these devices behind 0000:17:05.5 disappear with it: 10000:00:02.0, 10000:01:00.0 (nvme0n1)",
            plan.Warnings);
    }

    [Fact]
    public void A_sound_card_that_a_program_has_open_is_refused_unless_forced()
    {
        FakeDevice card = _host.AddDevice("0000:00:1b.0", "8086:293e", "040300", driver: "snd_hda_intel", group: 5)
            .WithAttribute("sound/card0/controlC0/dev", "116:2\n")
            .WithAttribute("sound/card0/controlC0/uevent", "MAJOR=116\nMINOR=2\nDEVNAME=snd/controlC0\n");
        Assert.Empty(new HostSurvey(_host.Root).Judge(card.Info, thorough: true));
        _host.AddProcess(99, "pipewire", 0, "/dev/snd/controlC0");
        BindingRefusal refusal = Assert.Single(new HostSurvey(_host.Root).Judge(card.Info, thorough: true));
        Assert.Equal(
            ("open", "pid 99 (pipewire, user root) has /dev/snd/controlC0 open", true),
            (refusal.Reason.ToWord(), refusal.Explanation, refusal.CanForce));
    }

    [Fact]
    public void A_descriptor_with_O_PATH_holds_nothing()
    {
        FakeDevice card = _host.AddDevice("0000:00:1b.0", "8086:293e", "040300", driver: "snd_hda_intel", group: 5)
            .WithAttribute("sound/card0/controlC0/dev", "116:2\n")
            .WithAttribute("sound/card0/controlC0/uevent", "DEVNAME=snd/controlC0\n");
        _host.AddProcess(99, "looker", 0, "/dev/snd/controlC0", "pos:\t0\nflags:\t012000000\n");
        Assert.Empty(new HostSurvey(_host.Root).Judge(card.Info, thorough: true));
    }

    [Fact]
    public void A_region_that_a_program_has_mapped_holds_the_device()
    {
        FakeDevice card = _host.AddDevice("0000:00:1b.0", driver: "e1000e", group: 5).WithAttribute("resource0", "");
        _host.AddProcess(99, "poke", 0, "/dev/null");
        _host.Write(
            "proc/99/maps",
            $"7f0000000000-7f0000001000 rw-s 00000000 00:15 77    /{card.Path}/resource0\n"
            + $"7f0000002000-7f0000003000 rw-p 00000000 00:00 0\n");
        Assert.Equal(
            $"pid 99 (poke, user root) has /{card.Path}/resource0 mapped",
            Assert.Single(new HostSurvey(_host.Root).Judge(card.Info, thorough: true)).Explanation);
    }

    [Fact]
    public void Some_mapping_of_VFIOs_makes_a_possible_holder_and_no_refusal()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12);
        _host.AddProcess(99, "dpdk", 0, "/dev/null");
        _host.Write(
            "proc/99/maps",
            "7f0000000000-7f0000001000 rw-s 00000000 00:0e 1025                       anon_inode:[vfio-device]\n");
        HolderReport report = new DeviceHolders(_host.Root).Search((IHostDevice)device.Info);
        Assert.Empty(report.Holders);
        Assert.Equal(99, Assert.Single(report.Possible).ProcessId);
        Assert.Empty(new DeviceHolders(_host.Root).GetHolders(device.Info));
    }

    [Fact]
    public void NVIDIAs_node_is_found_in_its_own_table()
    {
        FakeDevice card = _host.AddDevice("0000:65:00.0", "10de:2330", "030200", driver: "nvidia", group: 5);
        _host.Write(
            "proc/driver/nvidia/gpus/0000:65:00.0/information", "Model: \t\t NVIDIA H100\nDevice Minor: \t 3\n");
        _host.AddProcess(812, "nvidia-persiste", 0, "/dev/nvidia3");
        Assert.Equal(
            "pid 812 (nvidia-persiste, user root) has /dev/nvidia3 open (sudo systemctl stop nvidia-persistenced)",
            Assert.Single(new HostSurvey(_host.Root).Judge(card.Info, thorough: true)).Explanation);
    }

    [Fact]
    public void A_keyboard_behind_a_controller_is_a_warning()
    {
        FakeDevice usb = _host.AddDevice("0000:00:14.0", "8086:a0ed", "0c0330", driver: "xhci_hcd", group: 6)
            .WithAttribute("usb1/1-2/1-2:1.0/0003:046D:C52B.0001/input/input3/event3/dev", "13:67\n")
            .WithAttribute("usb1/1-2/1-2:1.0/0003:046D:C52B.0001/input/input3/event3/uevent", "DEVNAME=input/event3\n");
        string folder = $"/{usb.Path["sys/".Length..]}/usb1/1-2/1-2:1.0/0003:046D:C52B.0001/input/input3";
        _host.Link("sys/x", "sys"); // a link among them does not lead to new folders
        string subsystem = $"{usb.Path}/usb1/1-2/1-2:1.0/0003:046D:C52B.0001/input/input3/event3/subsystem";
        _host.Link(subsystem, "sys/class/input");
        _host.Write(
            "proc/bus/input/devices",
            $"N: Name=\"keyboard\"\nS: Sysfs={folder}\nH: Handlers=sysrq kbd event3 leds\n\n");
        _host.AddProcess(99, "Xorg", 0, "/dev/input/event3");
        BindingPlan plan = BindingPlan.Compute(
            [usb.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) });
        Assert.Empty(plan.Refusals);
        Assert.Contains(
            "these input devices behind 0000:00:14.0 disappear with it: /dev/input/event3, among them the only "
            + "keyboard of this host",
            plan.Warnings);
    }

    [Fact]
    public void A_device_that_the_firmware_uses_is_refused_but_by_force()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        BindOptions options = new() { Host = _host.Root, Changes = new FakeKernel(_host) };
        Assert.Empty(BindingPlan.Compute([nic.Address], options).Refusals);
        _host.Write("sys/kernel/iommu_groups/12/reserved_regions", "0x000000007b800000 0x000000007f7fffff direct\n");
        BindingRefusal refusal = Assert.Single(BindingPlan.Compute([nic.Address], options).Refusals);
        Assert.Equal(("reserved", true), (refusal.Reason.ToWord(), refusal.CanForce));
        Assert.Contains("vfio doctor 0000:00:14.3", refusal.Hint, StringComparison.Ordinal);
        Assert.Empty(BindingPlan.Compute([nic.Address], options with { Force = true }).Refusals);
    }
}
