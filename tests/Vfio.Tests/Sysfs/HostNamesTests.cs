using Vfio.Pci;

namespace Vfio.Tests;

public sealed class HostNamesTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private IReadOnlyList<PciAddress> Find(string name) => new HostNames(_host.Root).Find(name);

    [Fact]
    public void Interfaces_and_disks_name_their_device()
    {
        FakeDevice card = _host.AddDevice("0000:00:03.0", driver: "virtio-pci").WithInterface("eth0", under: "virtio0");
        FakeDevice disk = _host.AddDevice("0000:00:1f.2", driver: "ahci")
            .WithDisk("sda", "8:0", "ata1/host0/target0:0:0/0:0:0:0/block")
            .WithDisk("sda1", "8:1", "ata1/host0/target0:0:0/0:0:0:0/block/sda");
        Assert.Equal([card.Address], Find("eth0"));
        Assert.Equal([disk.Address], Find("sda"));
        Assert.Equal([disk.Address], Find("sda1"));
        Assert.Empty(Find("sdb"));
        Assert.Equal(
            [new HostName("eth0", card.Address), new HostName("sda", disk.Address), new HostName("sda1", disk.Address)],
            new HostNames(_host.Root).GetAll());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../net/eth0")]
    [InlineData("eth0/")]
    [InlineData("/eth0")]
    [InlineData("eth0\0")]
    [InlineData("eth 0")]
    [InlineData("eth0\n")]
    public void Invalid_names_are_never_looked_up(string name)
    {
        _host.AddDevice("0000:00:03.0", driver: "virtio-pci").WithInterface("eth0");
        Assert.False(HostNames.IsName(name));
        Assert.Empty(Find(name));
        Assert.False(new HostNames(_host.Root).IsVirtual(name));
    }

    [Fact]
    public void Names_have_a_longest_length()
    {
        Assert.True(HostNames.IsName(new string('e', HostNames.MaxLength)));
        Assert.False(HostNames.IsName(new string('e', HostNames.MaxLength + 1)));
        Assert.False(HostNames.IsName(null));
    }

    [Theory]
    [InlineData("/sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0/net/eth0", "0000:02:00.0")]
    [InlineData("../../../0000:02:00.0", "0000:02:00.0")]
    [InlineData("0000:02:00.0", "0000:02:00.0")]
    [InlineData("/sys/devices/virtual/net/br0", null)]
    [InlineData("/", null)]
    [InlineData("", null)]
    public void The_nearest_device_in_a_path_is_the_last(string path, string? expected) =>
        Assert.Equal(expected is null ? null : PciAddress.Parse(expected), DevicePath.Nearest(path));
}
