using System.Text.Json;

namespace Vfio.Cli.Tests;

public sealed class BindTests : IDisposable
{
    private static readonly FakeDevice Card =
        new("0000:05:00.0", 0x8086, 0x10d3, "020000") { Driver = "e1000e", Group = 30 };

    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_dry_run_prints_each_write_and_changes_nothing()
    {
        Approved.Matches("bind-dry-run", Tool.Run(_host, "bind", "--dry-run", "00:14.3").Succeeded().Output);
        Assert.False(Directory.Exists(_host.PathOf("run/vfio")));
    }

    [Fact]
    public void A_dry_run_as_json()
    {
        JsonElement plan = Tool.Run(_host, "bind", "--dry-run", "--json", "--user", "root", "00:14.3").Succeeded().Json;
        Assert.True(plan.GetProperty("dryRun").GetBoolean());
        Assert.Equal("e1000e", plan.GetProperty("devices")[0].GetProperty("originalDriver").GetString());
        Assert.Equal("root", plan.GetProperty("devices")[0].GetProperty("user").GetString());
        Assert.Contains(
            plan.GetProperty("steps").EnumerateArray(),
            step => step.GetString()!.Contains("driver_override", StringComparison.Ordinal));
        Assert.Equal(0, plan.GetProperty("refusals").GetArrayLength());
    }

    [Fact]
    public void A_bind_and_a_release_say_what_they_did()
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        Assert.Equal("0000:05:00.0 bound to vfio-pci (previously e1000e)\n", Tool.Run(_host, "bind", "05:00.0")
            .Succeeded().Output);
        Assert.Contains("e1000e", Tool.Run(_host, "status").Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(
            "0000:05:00.0 was already bound to vfio-pci\n", Tool.Run(_host, "bind", "05:00.0").Succeeded().Output);
        Assert.Equal("0000:05:00.0 released to e1000e\n", Tool.Run(_host, "release", "05:00.0").Succeeded().Output);
        Assert.Empty(Tool.Run(_host, "status").Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Output_that_cannot_be_written_does_not_hide_that_the_change_was_made(bool isJson)
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        string[] json = isJson ? ["--json"] : [];
        Result bind = RunOntoFullDisk(["bind", "05:00.0", .. json]);
        Assert.Equal(1, bind.ExitCode);
        Assert.Contains(
            "vfio: bind: the devices were bound, but the lines above could not be written",
            bind.Errors,
            StringComparison.Ordinal);
        Assert.Contains("No space left on device", bind.Errors, StringComparison.Ordinal);
        Assert.Contains(
            isJson ? "\"address\": \"0000:05:00.0\"" : "0000:05:00.0 bound to vfio-pci (previously e1000e)\n",
            bind.Errors,
            StringComparison.Ordinal);
        Assert.Contains("hint: vfio status", bind.Errors, StringComparison.Ordinal);
        Result release = RunOntoFullDisk(["release", "--all", .. json]);
        Assert.Equal(1, release.ExitCode);
        Assert.Contains("vfio: release: devices were released, but", release.Errors, StringComparison.Ordinal);
        Assert.Contains("e1000e", release.Errors, StringComparison.Ordinal);
        Result nothing = RunOntoFullDisk(["bind", "--dry-run", "05:00.0", .. json]);
        Assert.Equal(1, nothing.ExitCode);
        Assert.DoesNotContain("were bound", nothing.Errors, StringComparison.Ordinal);
    }

    private Result RunOntoFullDisk(string[] arguments)
    {
        using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        StreamWriter output = new(full);
        return Tool.Run(_host, Tool.Narrow, host => host with { Out = output }, arguments);
    }

    [Fact]
    public void A_bind_and_a_release_as_json()
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        JsonElement bound = Tool.Run(_host, "bind", "--json", "05:00.0").Succeeded().Json.GetProperty("devices")[0];
        Assert.Equal(
            ("e1000e", "vfio-pci"),
            (bound.GetProperty("originalDriver").GetString(), bound.GetProperty("driver").GetString()));
        JsonElement released = Tool.Run(_host, "release", "--json", "--all").Succeeded().Json.GetProperty("devices")[0];
        Assert.Equal("e1000e", released.GetProperty("driver").GetString());
        Assert.Equal(JsonValueKind.Null, released.GetProperty("error").ValueKind);
    }

    [Fact]
    public void What_still_blocks_the_group_is_named()
    {
        Result result = Tool.Run(_host, "bind", "0000:03:01.0");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("0000:03:01.0 was already bound to vfio-pci\n", result.Output);
        Assert.Equal(
            """
            vfio: group 10 is still blocked by 0000:03:02.0 (e1000e)
            hint: vfio bind --group 0000:03:01.0 binds every endpoint of the group

            """,
            result.Errors);
    }

    [Theory]
    [InlineData("0000:00:06.0", "refused: its disk nvme0n1 is mounted on /srv", "--force")]
    [InlineData("0000:00:01.0", "refused: it is the boot display", "--force")]
    [InlineData("0000:00:1c.0", "refused: it is a bridge", "endpoints behind them")]
    public void A_refusal_says_why_and_what_to_do(string device, string message, string hint)
    {
        foreach (string[] options in (string[][])[[], ["--dry-run"]])
        {
            Result result = Tool.Run(_host, ["bind", .. options, device]).FailedWith(3, $"{device} {message}", hint);
            Assert.Empty(result.Output);
        }

        JsonElement refusal = Tool.Run(_host, "bind", "--json", device).Json.GetProperty("refusals")[0];
        Assert.Equal(device, refusal.GetProperty("address").GetString());
    }

    [Fact]
    public void Force_is_not_advised_while_something_cannot_be_forced()
    {
        Result result = Tool.Run(_host, "bind", "00:06.0", "00:00.0")
            .FailedWith(3, "0000:00:00.0 refused: it is a bridge", "bridges");
        Assert.Contains("mounted", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("--force", result.Errors, StringComparison.Ordinal);
        Tool.Run(_host, "bind", "--force", "00:00.0").FailedWith(3, "it is a bridge", "bridges");
    }

    [Fact]
    public void A_device_without_an_iommu_is_refused()
    {
        _host.Add(new FakeDevice("0000:06:00.0", 0x8086, 0x10d3, "020000"));
        Tool.Run(_host, "bind", "--force", "06:00.0").FailedWith(3, "it is not behind an IOMMU", "VT-d");
    }

    [Fact]
    public void Absent_devices_and_users_are_failures()
    {
        Tool.Run(_host, "bind", "0000:7f:00.0").FailedWith(1, "0000:7f:00.0", "vfio list");
        Tool.Run(_host, "bind", "--user", "no-such-user-here", "00:14.3").FailedWith(1, "no-such-user-here", "getent");
    }
}
