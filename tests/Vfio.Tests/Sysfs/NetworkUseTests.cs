using Vfio.Host;

namespace Vfio.Tests;

public sealed class NetworkUseTests : IDisposable
{
    private const string Global = "20010db8000000000000000000000001";
    private const string LinkLocal = "fe80000000000000505400fffe123456";
    private const string Zero = "00000000000000000000000000000000";

    private readonly FakeHost _host = new();
    private readonly FakeDevice _device;

    public NetworkUseTests() => _device = _host.AddDevice("0000:00:14.3", driver: "e1000e");

    public void Dispose() => _host.Dispose();

    private (string Kind, string Explanation)[] Uses() =>
        [.. new NetworkUse(_host.Root).Of(_device.Address).Select(use => (use.Reason.ToWord(), use.OfDevice))];

    private static string Route(string name, string destination, string mask) =>
        $"{name}\t{destination}\t0102000A\t0003\t0\t0\t100\t{mask}\t0\t0\t"
        + "0                                                                             \n";

    private static string Route6(string destination, string prefix, string name) =>
        $"{destination} {prefix} {Zero} 00 {Zero} 00000100 00000001 00000000 00000001     {name}\n";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_interface_without_address_and_route_has_no_use(bool isUp)
    {
        _device.WithInterface("eth0", isUp);
        Assert.Empty(Uses());
        Assert.Equal(["eth0"], new NetworkUse(_host.Root).Interfaces(_device.Address));
        Assert.Equal(isUp, new NetworkUse(_host.Root).IsUp("eth0"));
    }

    [Fact]
    public void A_route_is_a_use()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Append("proc/net/route", Route("eth0", "0000020A", "00FFFFFF"));
        Assert.Equal([("route", "its interface eth0 carries a route")], Uses());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_default_route_is_named_whatever_comes_first(bool defaultFirst)
    {
        _device.WithInterface("eth0", isUp: true);
        string[] routes = [Route("eth0", "00000000", "00000000"), Route("eth0", "0000020A", "00FFFFFF")];
        _host.Append("proc/net/route", string.Concat(defaultFirst ? routes : routes.Reverse()));
        Assert.Equal([("route", "its interface eth0 carries the default route")], Uses());
    }

    [Fact]
    public void A_route_to_half_of_the_net_is_not_the_default_route()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Append("proc/net/route", Route("eth0", "00000000", "00000080"));
        Assert.Equal([("route", "its interface eth0 carries a route")], Uses());
    }

    [Fact]
    public void A_route_of_another_interface_does_not_count()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Append("proc/net/route", Route("eth01", "00000000", "00000000") + Route("*", "0000020A", "00FFFFFF"));
        Assert.Empty(Uses());
    }

    [Fact]
    public void Ipv6_routes_count_and_those_that_every_interface_has_do_not()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Write(
            "proc/net/ipv6_route",
            Route6("fe800000000000000000000000000000", "40", "eth0")
            + Route6("ff000000000000000000000000000000", "08", "eth0"));
        Assert.Empty(Uses());
        _host.Append("proc/net/ipv6_route", Route6(Global, "80", "eth0"));
        Assert.Equal([("route", "its interface eth0 carries a route")], Uses());
        _host.Append("proc/net/ipv6_route", Route6(Zero, "00", "eth0"));
        Assert.Equal([("route", "its interface eth0 carries the default route")], Uses());
    }

    [Fact]
    public void The_kernels_own_unreachable_default_route_does_not_count()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Write("proc/net/ipv6_route", Route6(Zero, "00", "lo"));
        Assert.Empty(Uses());
    }

    [Fact]
    public void An_ipv6_address_is_a_use_while_the_interface_is_up()
    {
        _device.WithInterface("eth0", isUp: true).WithInterface("eth1");
        _host.Append("proc/net/if_inet6", $"{Global} 02 40 00 80     eth0\n{Global} 03 40 00 80     eth1\n");
        Assert.Equal([("address", "its interface eth0 is up with the address 2001:db8::1")], Uses());
    }

    [Fact]
    public void A_link_local_address_is_not_a_use()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Append("proc/net/if_inet6", $"{LinkLocal} 02 40 20 80     eth0\n");
        Assert.Empty(Uses());
    }

    [Fact]
    public void A_port_of_a_bridge_is_a_use_once()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Write("sys/devices/virtual/net/br0/flags", "0x1003\n");
        _host.Link("sys/class/net/br0", "sys/devices/virtual/net/br0");
        _host.Link($"{_device.Path}/net/eth0/master", "sys/devices/virtual/net/br0");
        _host.Link($"{_device.Path}/net/eth0/upper_br0", "sys/devices/virtual/net/br0");
        Assert.Equal([("port", "its interface eth0 is up as a port of br0")], Uses());
    }

    [Fact]
    public void A_vlan_on_top_is_a_use_while_it_is_up()
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Write("sys/devices/virtual/net/eth0.5/flags", "0x1003\n");
        _host.Link("sys/class/net/eth0.5", "sys/devices/virtual/net/eth0.5");
        _host.Link($"{_device.Path}/net/eth0/upper_eth0.5", "sys/devices/virtual/net/eth0.5");
        Assert.Equal([("port", "its interface eth0 carries eth0.5, which is up")], Uses());
        _host.Write("sys/devices/virtual/net/eth0.5/flags", "0x1002\n");
        Assert.Empty(Uses());
    }

    [Fact]
    public void A_port_that_is_down_is_not_a_use()
    {
        _device.WithInterface("eth0");
        _host.Link($"{_device.Path}/net/eth0/master", "sys/devices/virtual/net/br0");
        Assert.Empty(Uses());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1003")]
    [InlineData("0x")]
    [InlineData("0xzz")]
    [InlineData("0xfffffffffff")]
    public void Invalid_flags_count_as_down(string text)
    {
        _device.WithInterface("eth0", isUp: true);
        _host.Write("sys/class/net/eth0/flags", text);
        Assert.False(new NetworkUse(_host.Root).IsUp("eth0"));
    }

    [Fact]
    public void Invalid_or_missing_tables_are_skipped()
    {
        _device.WithInterface("eth0", isUp: true);
        string[] garbage =
        [
            "eth0",
            "eth0\t",
            "eth0\t\t\t\t",
            "\t\t\t\t\t\t\t\t\t",
            $"{Global} 02 40 00 eth0",
            $"zz{Global[2..]} 02 40 00 80 eth0",
            "\0\0\0",
        ];
        foreach (string table in (string[])["route", "ipv6_route", "if_inet6"])
        {
            _host.Write($"proc/net/{table}", "header\n" + string.Join('\n', garbage));
        }

        Assert.Empty(Uses());
        Directory.Delete(_host.PathOf("proc/net"), recursive: true);
        Assert.Empty(Uses());
    }
}
