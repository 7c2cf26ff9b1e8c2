using System.Text.Json;

namespace Vfio.Cli.Tests;

public sealed class StatusTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Without_bound_devices_standard_output_is_empty()
    {
        Result result = Tool.Run(_host, "status");
        Assert.Equal((0, "", "no device is bound\n"), (result.ExitCode, result.Output, result.Errors));
        Assert.Equal(0, Tool.Run(_host, "status", "--json").Succeeded().Json.GetArrayLength());
    }

    [Fact]
    public void A_terminal_of_80_columns()
    {
        TakeSome();
        Approved.Matches("status-80", Tool.Run(_host, "status").Succeeded().FitsIn(80).Output);
    }

    [Fact]
    public void A_pipe_gets_one_line_per_device()
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

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void A_named_device_is_shown_in_detail(int columns)
    {
        TakeInDetail();
        Approved.Matches(
            $"status-device-{columns}",
            WithoutUser(Tool.Run(
                _host,
                new Terminal(columns, HasColour: false),
                "status",
                "0000:03:01.0",
                "0000:04:00.0",
                "eth0",
                "0000:00:08.0",
                "0000:7f:00.0",
                "00:06.0",
                "emu:edu")
                .Succeeded().FitsIn(columns).Output));
    }

    [Fact]
    public void A_device_that_is_named_has_the_same_fields_in_json()
    {
        TakeInDetail();
        JsonElement all = Tool.Run(_host, "status", "--json").Succeeded().Json;
        Result named = Tool.Run(_host, "status", "--json", "lan0", "emu:edu", "0000:00:06.0").Succeeded();
        Approved.Matches("status-device-json", WithoutUser(named.Output));
        Assert.All(named.Json.EnumerateArray(), device =>
            Assert.Equal(
                all[0].EnumerateObject().Select(field => field.Name),
                device.EnumerateObject().Select(field => field.Name)));
    }

    [Theory]
    [InlineData("  bound       no\n", "0000:00:06.0")]
    [InlineData("  bound       yes, but not by vfio: another program bound it\n", "0000:03:01.0")]
    [InlineData("  open by     no process", "0000:03:01.0")]
    [InlineData("  bound       no: a device model inside vfio", "emu:edu")]
    public void A_device_that_is_not_bound_is_reported_as_such(string text, string device) =>
        Assert.Contains(text, Tool.Run(_host, "status", device).Succeeded().Output, StringComparison.Ordinal);

    [Fact]
    public void An_absent_device_is_a_failure()
    {
        Assert.Empty(Tool.Run(_host, "status", "0000:03:01.0", "0000:55:00.0")
            .FailedWith(1, "0000:55:00.0: no PCI device has this address", "vfio list").Output);
        Tool.Run(_host, "status", "emu:nonsense").FailedWith(2, "'emu:nonsense' is not a device model", "emu:edu");
    }

    [Fact]
    public void The_name_of_a_process_cannot_control_the_terminal()
    {
        Take("0000:03:01.0", null);
        Holder(4712, "x", "/dev/vfio/10");
        _host.Write("proc/4712/comm", "a\u001b[2Jb\n");
        _host.Write("proc/4712/limits", "Max locked memory         \u001b[2J  1  bytes\n");
        string output = Tool.Run(_host, "status", "0000:03:01.0").Succeeded().Output;
        Assert.DoesNotContain('\u001b', output);
        Assert.Contains("its locked memory is hidden from this user", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_corrupt_entry_is_only_released_by_force()
    {
        _host.Write("run/vfio/0000:00:1f.0.json", "");
        Tool.Run(_host, "release", "--all").FailedWith(1, "corrupt", "vfio release --force 0000:00:1f.0");
        Tool.Run(_host, "release", "--all", "--dry-run").FailedWith(1, "corrupt", "vfio release --force 0000:00:1f.0");
        Assert.Equal(
            "0000:00:1f.0 no longer exists; its journal entry was removed\n",
            Tool.Run(_host, "release", "--all", "--force").Succeeded().Output);
        Assert.Empty(Tool.Run(_host, "status").Output);
    }

    [Fact]
    public void Releasing_a_device_that_is_not_bound_is_a_failure()
    {
        Tool.Run(_host, "release", "00:14.3").FailedWith(1, "it is not bound", "vfio status");
        Tool.Run(_host, "release", "0000:03:01.0")
            .FailedWith(1, "but not by vfio", "vfio release --force 0000:03:01.0");
        Result all = Tool.Run(_host, "release", "--all");
        Assert.Equal((0, "", "no device is bound\n"), (all.ExitCode, all.Output, all.Errors));
    }

    [Fact]
    public void Release_as_json_reports_what_failed()
    {
        _host.Write("run/vfio/0000:00:1f.0.json", "{");
        Result result = Tool.Run(_host, "release", "--all", "--json");
        result.FailedWith(1, "corrupt", "--force");
        JsonElement device = Assert.Single(result.Json.GetProperty("devices").EnumerateArray());
        Assert.Contains("corrupt", device.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private void TakeInDetail()
    {
        TakeSome();
        _host.AddJournalEntry(
            "0000:03:01.0",
            0x1234,
            0x11e8,
            driverBefore: "e1000e",
            user: "alice",
            names: "\"interfaces\": [{ \"name\": \"lan0\", \"isUp\": true }], \"disks\": []");
        _host.Write("dev/vfio/10", "");
        _host.Write("dev/vfio/devices/vfio0", "");
        _host.Write("sys/devices/pci0000:00/0000:03:01.0/vfio-dev/vfio0/dev", "511:0\n");
        _host.Write("sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535\n");
        Holder(4713, "driver", "/dev/vfio/10", locked: 65536, pinned: 2048, limit: "8388608");
        Holder(4714, "another", "/dev/vfio/devices/vfio0", locked: 0, pinned: 0, limit: "unlimited");
    }

    private void Take(string address, string? driverBefore) =>
        _host.AddJournalEntry(address, 0x1234, 0x11e8, driverBefore);

    // The nodes of a fake host belong to the user who runs the tests.
    private static string WithoutUser(string text)
    {
        text = System.Text.RegularExpressions.Regex.Replace(
            text,
            "\"userId\": [0-9]+,\n( +)\"user\": \"[^\"]*\"(?=,\n +\"otherUsers)",
            "\"userId\": 0,\n$1\"user\": \"root\"");
        return System.Text.RegularExpressions.Regex.Replace(text, "\\(of [^)]+\\)", "(of root)");
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

    private void Holder(int process, string command, string node, int locked, int pinned, string limit)
    {
        Holder(process, command, node);
        _host.Write(
            $"proc/{process}/status",
            $"Name:\t{command}\nUid:\t0\t0\t0\t0\nVmLck:\t{locked} kB\nVmPin:\t{pinned} kB\n");
        _host.Write(
            $"proc/{process}/limits",
            $"Limit                     Soft Limit           Hard Limit           Units\n"
            + $"Max locked memory         {limit} {limit} bytes\n");
    }

    private void Holder(int process, string command, string node)
    {
        _host.Write($"proc/{process}/comm", command + "\n");
        _host.Write($"proc/{process}/status", $"Name:\t{command}\nUid:\t0\t0\t0\t0\n");
        Directory.CreateDirectory(_host.PathOf($"proc/{process}/fd"));
        File.CreateSymbolicLink(_host.PathOf($"proc/{process}/fd/7"), node);
    }
}
