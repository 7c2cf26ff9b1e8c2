namespace Vfio.Tests;

public sealed class DeviceHoldersTests : IDisposable
{
    private const string DeviceLink = "anon_inode:[vfio-device]";

    [Fact]
    public void A_deleted_node_may_have_been_the_devices()
    {
        using FakeHost host = new();
        FakeDevice device = host.AddDevice("0000:00:14.3", group: 12);
        host.AddProcess(4711, "qemu", 0, "/dev/vfio/devices/vfio0 (deleted)");
        host.AddProcess(4712, "other", 0, "/dev/vfio/devices/vfio1");
        HolderReport report = new DeviceHolders(host.Root).Search(device.Info);
        Assert.Empty(report.Holders);
        Assert.Equal(4711, Assert.Single(report.Possible).ProcessId);
    }

    private readonly FakeHost _host = new();
    private readonly FakeDevice _device;

    public DeviceHoldersTests()
    {
        _host.AddDeviceNodes();
        _device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12);
    }

    public void Dispose() => _host.Dispose();

    private string[] Holders() =>
        [.. new DeviceHolders(_host.Root).GetHolders(_device.Info).Select(holder => holder.ToString())];

    [Fact]
    public void A_free_device_has_no_holder()
    {
        _host.AddProcess(1, "init", 0, "/dev/null");
        _host.AddProcess(2, "other", 0, "/dev/vfio/1");
        _host.AddProcess(3, "another", 0, "/dev/vfio/120");
        _host.AddProcess(4, "container", 0, "/dev/vfio/vfio");
        Assert.Empty(Holders());
        Assert.Empty(new DeviceHolders(_host.Root).OfGroup(12));
    }

    [Fact]
    public void A_process_with_the_group_open_holds_the_device()
    {
        _host.AddProcess(4711, "qemu-system-x86", 0, "/dev/vfio/12");
        Assert.Equal(["pid 4711 (qemu-system-x86, user root)"], Holders());
        DeviceHolder holder = Assert.Single(new DeviceHolders(_host.Root).OfGroup(12));
        Assert.Equal(new DeviceHolder
        {
            ProcessId = 4711,
            Command = "qemu-system-x86",
            UserId = 0,
            UserName = "root",
            Description = "has /dev/vfio/12 open",
        }, holder);
    }

    [Fact]
    public void A_process_with_the_devices_own_node_open_holds_it()
    {
        _host.AddProcess(4711, "spdk", 0, $"/dev/vfio/devices/{_device.DeviceNode}");
        _host.AddProcess(4712, "other", 0, "/dev/vfio/devices/vfio99");
        Assert.Equal(["pid 4711 (spdk, user root)"], Holders());
    }

    [Fact]
    public void A_device_descriptor_is_recognized_by_its_info()
    {
        _host.AddProcess(
            4711,
            "dpdk",
            0,
            DeviceLink,
            "pos:\t0\nflags:\t02\nvfio-device-syspath: /sys/devices/pci0000:00/0000:00:14.3\n");
        _host.AddProcess(
            4712, "other", 0, DeviceLink, "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/0000:00:14.30\n");
        _host.AddProcess(4713, "silent", 0, DeviceLink);
        _host.AddProcess(4714, "liar", 0, "/dev/null", "vfio-device-syspath: /sys/devices/pci0000:00/0000:00:14.3\n");
        Assert.Equal(["pid 4711 (dpdk, user root)"], Holders());
    }

    [Fact]
    public void A_process_with_many_descriptors_is_reported_once()
    {
        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/12");
        File.CreateSymbolicLink(_host.PathOf("proc/4711/fd/6"), "/dev/vfio/12");
        Assert.Single(Holders());
    }

    [Fact]
    public void A_user_without_a_name_is_shown_by_number()
    {
        _host.AddProcess(4711, "qemu", 3_000_000_123, "/dev/vfio/12");
        Assert.Equal(["pid 4711 (qemu, user 3000000123)"], Holders());
    }

    [Fact]
    public void A_command_cannot_control_the_terminal()
    {
        _host.AddProcess(4711, "x", 0, "/dev/vfio/12");
        _host.Write("proc/4711/comm", "a\x1b[2Jb\nc\u009bd\n");
        Assert.Equal("pid 4711 (a?[2Jb?c?d, user root)", Assert.Single(Holders()));
    }

    [Fact]
    public void A_process_that_ends_meanwhile_is_reported_as_far_as_it_is_known()
    {
        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/12");
        File.Delete(_host.PathOf("proc/4711/comm"));
        File.Delete(_host.PathOf("proc/4711/status"));
        Assert.StartsWith("pid 4711 (?, user ", Assert.Single(Holders()), StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_that_are_not_processes_are_skipped()
    {
        foreach (string name in (string[])["self", "thread-self", "-5", "+7", "12x", "99999999999", "0x10"])
        {
            Directory.CreateDirectory(_host.PathOf($"proc/{name}/fd"));
            File.CreateSymbolicLink(_host.PathOf($"proc/{name}/fd/1"), "/dev/vfio/12");
        }

        _host.Write("proc/4000/fd", "not a folder");
        _host.Write("proc/4001/fd/1", "not a link");
        Assert.Empty(Holders());
    }

    [Fact]
    public void Huge_and_binary_descriptor_info_is_bounded()
    {
        _host.AddProcess(
            4711,
            "qemu",
            0,
            DeviceLink,
            new string('\n', 3_000_000) + "vfio-device-syspath: /sys/devices/pci0000:00/0000:00:14.3\n");
        _host.AddProcess(
            4712,
            "qemu",
            0,
            DeviceLink,
            "\0\u0001vfio-device-syspath:\nvfio-device-syspath: \nvfio-device-syspath: /\n");
        Assert.Empty(Holders());
    }

    [Fact]
    public void Nodes_of_any_kind_can_be_asked_for()
    {
        _host.AddProcess(10, "dd", 0, "/dev/nvme0n1");
        _host.AddProcess(11, "Xorg", 0, "/dev/dri/card0");
        UsedFile[] files = [.. ((string[])["/dev/nvme0n1", "/dev/nvme1n1"])
            .Select(path => new UsedFile(path, "block", "", Identity: null))];
        Assert.Equal([(10, "has /dev/nvme0n1 open")], new DeviceHolders(_host.Root)
            .Search(files).Holders
            .Select(holder => (holder.ProcessId, holder.Description)));
    }
}
