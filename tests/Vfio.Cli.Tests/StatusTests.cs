using System.Text.Json;

namespace Vfio.Cli.Tests;

public sealed class StatusTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Nothing_taken_prints_nothing_to_read()
    {
        Result result = Tool.Run(_host, "status");
        Assert.Equal((0, "", "nothing is taken\n"), (result.ExitCode, result.Output, result.Errors));
        Assert.Equal(0, Tool.Run(_host, "status", "--json").Succeeded().Json.GetArrayLength());
    }

    [Fact]
    public void A_terminal_of_80_columns()
    {
        TakeSome();
        Approved.Matches("status-80", Tool.Run(_host, "status").Succeeded().FitsIn(80).Output);
    }

    [Fact]
    public void A_pipe_gets_one_line_a_device()
    {
        TakeSome();
        string[] lines = Tool.Run(_host, Terminal.None, "status").Succeeded().Output.TrimEnd().Split('\n');
        Assert.Equal(6, lines.Length);
    }

    [Fact]
    public void Json_has_the_documented_fields()
    {
        TakeSome();
        Approved.Matches("status-json", Tool.Run(_host, "status", "--json").Succeeded().Output);
    }

    [Fact]
    public void A_damaged_entry_is_released_only_by_force()
    {
        _host.Write("run/vfio/0000:00:1f.0.json", "");
        Tool.Run(_host, "release", "--all").FailedWith(1, "damaged", "vfio release --force 0000:00:1f.0");
        Tool.Run(_host, "release", "--all", "--dry-run").FailedWith(1, "damaged", "vfio release --force 0000:00:1f.0");
        Assert.Equal("0000:00:1f.0 is gone; its journal entry was removed\n", Tool.Run(_host, "release", "--all", "--force").Succeeded().Output);
        Assert.Empty(Tool.Run(_host, "status").Output);
    }

    [Fact]
    public void Releasing_what_is_not_taken_is_a_failure()
    {
        Tool.Run(_host, "release", "00:14.3").FailedWith(1, "it is not taken", "vfio status");
        Tool.Run(_host, "release", "0000:03:01.0").FailedWith(1, "was not taken by vfio", "vfio status");
        Result all = Tool.Run(_host, "release", "--all");
        Assert.Equal((0, "", "nothing is taken\n"), (all.ExitCode, all.Output, all.Errors));
    }

    [Fact]
    public void Release_as_json_tells_what_failed()
    {
        _host.Write("run/vfio/0000:00:1f.0.json", "{");
        Result result = Tool.Run(_host, "release", "--all", "--json");
        result.FailedWith(1, "damaged", "--force");
        JsonElement device = Assert.Single(result.Json.GetProperty("devices").EnumerateArray());
        Assert.Contains("damaged", device.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private void TakeSome()
    {
        _host.AddJournalEntry("0000:03:01.0", 0x1234, 0x11e8, driverBefore: null, user: "alice");
        _host.AddJournalEntry("0000:04:00.0", 0x1002, 0x73bf, driverBefore: "amdgpu");
        _host.AddJournalEntry("0000:00:14.3", 0x8086, 0x10d3, driverBefore: "e1000e");
        _host.AddJournalEntry("0000:7f:00.0", 0x8086, 0x10d3, driverBefore: "e1000e");
        _host.Write("run/vfio/0000:00:08.0.json", "{ \"version\": 1, ");
        Holder(4712, "qemu-system-x86", "/dev/vfio/20");
    }

    private void Holder(int process, string command, string node)
    {
        _host.Write($"proc/{process}/comm", command + "\n");
        _host.Write($"proc/{process}/status", $"Name:\t{command}\nUid:\t0\t0\t0\t0\n");
        Directory.CreateDirectory(_host.PathOf($"proc/{process}/fd"));
        File.CreateSymbolicLink(_host.PathOf($"proc/{process}/fd/7"), node);
    }
}
