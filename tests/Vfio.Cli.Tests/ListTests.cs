using System.Text.Json;

namespace Vfio.Cli.Tests;

public sealed class ListTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_terminal_of_80_columns() =>
        Approved.Matches("list-80", Tool.Run(_host, "list").Succeeded().FitsIn(80).Output);

    [Fact]
    public void A_pipe_gets_whole_names() =>
        Approved.Matches("list-pipe", Tool.Run(_host, Terminal.None, "list").Succeeded().Output);

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(132)]
    public void Every_width_is_kept(int columns) => Tool.Run(_host, new Terminal(columns, HasColour: false), "list")
        .Succeeded()
        .FitsIn(columns);

    [Theory]
    [InlineData("--class", "net", 3)]
    [InlineData("--class", "0200", 3)]
    [InlineData("--class", "display", 2)]
    [InlineData("--driver", "vfio-pci", 2)]
    [InlineData("--driver", "none", 2)]
    [InlineData("--group", "10", 3)]
    [InlineData("--id", "8086:10d3", 2)]
    [InlineData("--id", "8086:10D3", 2)]
    [InlineData("--id", "8086:", 3)]
    [InlineData("--id", "8086", 3)]
    [InlineData("--id", ":11e8", 2)]
    [InlineData("--id", "*:11e8", 2)]
    [InlineData("--name", "gigabit", 2)]
    [InlineData("--name", "NVM", 1)]
    [InlineData("--name", "eth0", 1)]
    [InlineData("--name", "nvme0n1", 1)]
    [InlineData("--name", "no such thing", 0)]
    public void Filters_choose(string option, string value, int count)
    {
        JsonElement devices = Tool.Run(_host, "list", "--json", option, value).Succeeded().Json;
        Assert.Equal(count, devices.GetArrayLength());
    }

    [Fact]
    public void Devices_that_can_be_bound_and_bound_devices_are_filters()
    {
        string[] Addresses(string option) =>
            [.. Tool.Run(_host, "list", "--json", option)
                .Succeeded().Json
                .EnumerateArray()
                .Select(item => item.GetProperty("address").GetString()!)];
        Assert.Equal(["0000:00:03.0", "0000:00:08.0", "0000:00:14.3", "0000:03:02.0"], Addresses("--available"));
        Assert.Equal(["0000:03:01.0", "0000:04:00.0"], Addresses("--taken"));
        Tool.Run(_host, "list", "--taken", "--available").FailedWith(2, "cannot be combined", "vfio list --help");
    }

    [Theory]
    [InlineData(200)]
    [InlineData(120)]
    public void A_wide_terminal_shows_the_names_of_interfaces_and_disks(int columns)
    {
        _host.AddClassDevice("0000:00:06.0", "block", "nvme/nvme0/nvme0n1/", "nvme0n1p1");
        string output = Tool.Run(_host, new Terminal(columns, HasColour: false), "list")
            .Succeeded()
            .FitsIn(columns).Output;
        Assert.Contains(" eth0 ", output, StringComparison.Ordinal);
        Assert.Contains(" nvme0n1 ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("nvme0n1p1", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_of_200_columns() =>
        Approved.Matches(
            "list-200", Tool.Run(_host, new Terminal(200, HasColour: false), "list").Succeeded().FitsIn(200).Output);

    [Fact]
    public void A_terminal_with_colour() =>
        Approved.Matches("list-colour", Tool.Run(_host, new Terminal(80, HasColour: true), "list").Succeeded().Output);

    [Fact]
    public void Filters_combine()
    {
        JsonElement devices = Tool.Run(_host, "list", "--json", "--class", "net", "--group", "10", "--driver", "e1000e")
            .Succeeded().Json;
        Assert.Equal("0000:03:02.0", Assert.Single(devices.EnumerateArray()).GetProperty("address").GetString());
    }

    [Fact]
    public void Nothing_found_is_no_failure()
    {
        Result result = Tool.Run(_host, "list", "--driver", "nosuch");
        Assert.Equal((0, "", "no PCI device matches\n"), (result.ExitCode, result.Output, result.Errors));
        Assert.Equal(0, Tool.Run(_host, "list", "--driver", "nosuch", "--json").Succeeded().Json.GetArrayLength());
    }

    [Fact]
    public void Json_has_the_documented_fields() =>
        Approved.Matches("list-json", Tool.Run(_host, "list", "--group", "6", "--json").Succeeded().Output);

    [Fact]
    public void Only_terminals_with_colour_get_colour()
    {
        Assert.Contains(
            "\e[", Tool.Run(_host, new Terminal(80, HasColour: true), "list").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[", Tool.Run(_host, "list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_without_an_iommu_is_reported_on_a_terminal()
    {
        using FakeHost host = new();
        host.Add(new FakeDevice("0000:00:14.3", 0x8086, 0x10d3, "020000"));
        Assert.StartsWith("hint: no IOMMU", Tool.Run(host, "list").Errors, StringComparison.Ordinal);
        Tool.Run(host, Terminal.None, "list").Succeeded();
    }

    [Fact]
    public void Many_devices_are_listed()
    {
        using FakeHost host = FakeHost.WithDevices(300);
        string[] lines = Tool.Run(host, "list").Succeeded().FitsIn(80).Output.TrimEnd().Split('\n');
        Assert.Equal(301, lines.Length);
        Assert.StartsWith("0000:01:05.3 ", lines[300], StringComparison.Ordinal);
    }
}
