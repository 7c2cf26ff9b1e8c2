namespace Vfio.Cli.Tests;

public sealed class DeviceArgumentTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    private string Show(string name) =>
        Tool.Run(_host, "show", name, "--json").Succeeded().Json.GetProperty("address").GetString()!;

    [Theory]
    [InlineData("0000:00:14.3", "0000:00:14.3")]
    [InlineData("00:14.3", "0000:00:14.3")]
    [InlineData("eth0", "0000:00:14.3")]
    [InlineData("nvme0n1", "0000:00:06.0")]
    [InlineData("nvme0n1p1", "0000:00:06.0")]
    [InlineData("nvme0", "0000:00:06.0")]
    [InlineData("card0", "0000:00:01.0")]
    public void A_device_has_many_names(string name, string address)
    {
        _host.AddClassDevice("0000:00:06.0", "block", "nvme/nvme0/nvme0n1/", "nvme0n1p1");
        _host.AddClassDevice("0000:00:06.0", "nvme", "nvme/", "nvme0");
        _host.AddClassDevice("0000:00:01.0", "drm", "drm/", "card0");
        Assert.Equal(address, Show(name));
    }

    [Theory]
    [InlineData("lan0")]
    [InlineData("sda")]
    [InlineData("sda1")]
    [InlineData("nvme9")]
    public void A_bound_device_keeps_its_previous_names(string name)
    {
        _host.AddJournalEntry(
            "0000:03:01.0", 0x1234, 0x11e8, "edu", user: null,
            """
            "interfaces": [{ "name": "lan0", "isUp": false }], "disks": [{ "name": "sda" }, { "name": "sda1" }],
            "otherNames": [{ "name": "nvme9" }]
            """);
        Assert.Equal("0000:03:01.0", Show(name));
    }

    [Fact]
    public void An_entry_of_a_version_without_other_names_is_read()
    {
        _host.AddJournalEntry(
            "0000:03:01.0",
            0x1234,
            0x11e8,
            "edu",
            user: null,
            """ "interfaces": [{ "name": "lan0", "isUp": true }], "disks": [] """);
        Assert.Equal("0000:03:01.0", Show("lan0"));
    }

    [Fact]
    public void A_device_that_is_named_twice_is_one() =>
        Assert.Single(Tool.Run(_host, "bind", "--dry-run", "--json", "eth0", "00:14.3")
            .Succeeded().Json
            .GetProperty("devices")
            .EnumerateArray());

    [Fact]
    public void A_name_that_two_devices_have_is_refused_with_both()
    {
        _host.AddJournalEntry(
            "0000:03:01.0",
            0x1234,
            0x11e8,
            "edu",
            user: null,
            """ "interfaces": [{ "name": "eth0", "isUp": true }], "disks": [] """);
        Tool.Run(_host, "show", "eth0")
            .FailedWith(2, "'eth0' is 2 devices: 0000:00:14.3, 0000:03:01.0", "the address of one");
    }

    [Fact]
    public void A_disk_with_two_paths_is_two_devices()
    {
        Directory.CreateDirectory(_host.PathOf("sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1"));
        foreach ((string controller, string address) in (IEnumerable<(string, string)>)[
            ("nvme1", "0000:00:06.0"),
            ("nvme2", "0000:00:08.0"),
        ])
        {
            File.CreateSymbolicLink(
                _host.PathOf($"sys/devices/virtual/nvme-subsystem/nvme-subsys1/{controller}"),
                $"../../../pci0000:00/{address}/nvme/{controller}");
        }

        File.CreateSymbolicLink(
            _host.PathOf("sys/class/block/nvme1n1"), "../../devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1");
        Tool.Run(_host, "show", "nvme1n1")
            .FailedWith(2, "'nvme1n1' is 2 devices: 0000:00:06.0, 0000:00:08.0", "the address of one");
    }

    [Theory]
    [InlineData("eth1", "'eth1' is not a device of this host", "did you mean eth0?")]
    [InlineData("nvme0n2", "'nvme0n2' is not a device", "did you mean nvme0n1?")]
    [InlineData("br0", "'br0' belongs to no PCI device", "vfio list")]
    [InlineData("00:14.8", "'00:14.8' is not a PCI address", "vfio list")]
    [InlineData("../net/eth0", "'../net/eth0' is not a device", "vfio list")]
    [InlineData("..", "'..' is not a device", "vfio list")]
    [InlineData("", "'' is not a device", "vfio list")]
    [InlineData("eth0\0", "is not a device", "vfio list")]
    [InlineData("\e[31m", "'?[31m' is not a device", "vfio list")]
    public void A_text_that_is_not_the_name_of_a_device_is_wrong_usage(string name, string message, string hint)
    {
        _host.AddVirtual("net", "br0");
        Tool.Run(_host, "show", "--", name).FailedWith(2, message, hint);
    }

    [Fact]
    public void A_name_that_is_too_long_is_not_looked_up() =>
        Tool.Run(_host, "show", new string('e', 100_000)).FailedWith(2, "is not a device", "vfio list");

    [Fact]
    public void Every_command_with_a_device_accepts_its_names()
    {
        Tool.Run(_host, "bind", "--dry-run", "eth0").Succeeded();
        Tool.Run(_host, "release", "--dry-run", "eth0").FailedWith(1, "0000:00:14.3", "");
        Tool.Run(
            _host,
            Tool.Narrow,
            host => host with
            {
                OpenDevice = (address, _) => throw new VfioException("open", address.ToString(), "seen"),
            },
            "read",
            "eth0",
            "bar0")
            .FailedWith(1, "open on 0000:00:14.3: seen", "");
    }
}
