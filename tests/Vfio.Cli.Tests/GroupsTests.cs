namespace Vfio.Cli.Tests;

public sealed class GroupsTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_terminal_of_80_columns()
    {
        Result result = Tool.Run(_host, "groups").FitsIn(80);
        Assert.Equal("hint: vfio bind --group 0000:03:01.0 binds every endpoint of group 10\n", result.Errors);
        Approved.Matches("groups-80", result.Output);
    }

    [Fact]
    public void Json_has_the_documented_fields() =>
        Approved.Matches("groups-json", Tool.Run(_host, "groups", "--json").Succeeded().Output);

    [Fact]
    public void A_host_without_an_iommu_is_reported()
    {
        using FakeHost host = new();
        host.Add(new FakeDevice("0000:00:14.3", 0x8086, 0x10d3, "020000"));
        Tool.Run(host, "groups").FailedWith(1, "no IOMMU", "VT-d");
        Tool.Run(host, "groups", "--json").FailedWith(1, "no IOMMU", "VT-d");
    }

    [Fact]
    public void A_group_without_pci_devices_is_shown()
    {
        using FakeHost host = new();
        Directory.CreateDirectory(host.PathOf("sys/kernel/iommu_groups/7/devices"));
        Assert.Equal("group 7\n", Tool.Run(host, "groups").Succeeded().Output);
    }
}
