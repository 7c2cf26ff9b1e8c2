using System.Text.Json;

namespace Vfio.Cli.Tests;

/// <summary>
/// <c>vfio sriov</c> on a fake host: the dry run, and what it refuses. The machine tests show that it works.
/// </summary>
public sealed class SriovTests : IDisposable
{
    private const string Folder = "sys/devices/pci0000:00/0000:00:14.3";
    private readonly FakeHost _host = FakeHost.Typical();

    public SriovTests()
    {
        _host.Write($"{Folder}/sriov_totalvfs", "7\n");
        _host.Write($"{Folder}/sriov_numvfs", "0\n");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_dry_run_shows_the_writes()
    {
        string[] lines = Tool.Run(_host, "sriov", "--dry-run", "00:14.3", "4")
            .Succeeded().Output
            .TrimEnd('\n')
            .Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.EndsWith("/run/vfio/0000:00:14.3.json: 0 virtual functions", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("write \"4\" to ", lines[1], StringComparison.Ordinal);
        Assert.Equal("nothing to do\n", Tool.Run(_host, "sriov", "--dry-run", "00:14.3", "0").Succeeded().Output);
        JsonElement json = Tool.Run(_host, "sriov", "--dry-run", "--json", "00:14.3", "4").Succeeded().Json;
        Assert.Equal((true, "0000:00:14.3", 0, 2), (
            json.GetProperty("dryRun").GetBoolean(),
            json.GetProperty("address").GetString(),
            json.GetProperty("countBefore").GetInt32(),
            json.GetProperty("steps").GetArrayLength()));
        Assert.False(File.Exists(_host.PathOf("run/vfio/0000:00:14.3.json")));
    }

    [Theory]
    [InlineData(1, "it supports at most 7 virtual functions", "pass a number from 0 to 7", "sriov", "00:14.3", "8")]
    [InlineData(1, "it does not support virtual functions (SR-IOV)", "vfio show", "sriov", "00:08.0", "1")]
    [InlineData(1, "emu:edu is a device model", "a device of the host", "sriov", "emu:edu", "1")]
    [InlineData(
        1,
        "0000:00:14.3 is not bound",
        "omit --token",
        "sriov",
        "00:14.3",
        "1",
        "--token",
        "6f1a1e0a-6f5c-4c3e-9d6f-0d3a3c1a2b11")]
    [InlineData(2, "'x' is not a UUID", "vfio sriov --help", "sriov", "00:14.3", "1", "--token", "x")]
    [InlineData(2, "'-1' is not a number of virtual functions", "vfio sriov --help", "sriov", "00:14.3", "--", "-1")]
    [InlineData(2, "'65536' is not a number of virtual functions", "vfio sriov --help", "sriov", "00:14.3", "65536")]
    public void Mistakes_are_reported(int code, string message, string hint, params string[] arguments) =>
        Tool.Run(_host, arguments).FailedWith(code, message, hint);
}
