using System.Text.Json;

namespace Vfio.Cli.Tests;

/// <summary>Persistent devices and driverctl's overrides, as the commands show and refuse them.</summary>
public sealed class PersistTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_tool_that_is_not_installed_is_refused()
    {
        // These tests are compiled just in time, and so is the tool in them.
        Result refused = Tool.Run(_host, "bind", "--persist", "00:14.3");
        refused.FailedWith(
            ExitCode.Refused, "which root would run at every boot", "the build that is compiled ahead of time");
        Assert.False(Path.Exists(_host.PathOf("etc/vfio")));
    }

    [Fact]
    public void Without_an_iommu_nothing_is_persistent() =>
        Tool.Run(_host, "bind", "--persist", "--noiommu", "00:14.3")
            .FailedWith(ExitCode.WrongUsage, "cannot be combined", "vfio bind --help");

    [Fact]
    public void A_device_of_driverctl_is_refused_and_reported()
    {
        _host.Write("etc/driverctl.d/pci-0000:00:14.3", "igb_uio\n");
        Result refused = Tool.Run(_host, "bind", "--persist", "00:14.3");
        refused.FailedWith(
            ExitCode.Refused, "driverctl binds it to igb_uio at every boot", "driverctl unset-override 0000:00:14.3");

        Result dryRun = Tool.Run(_host, "bind", "--dry-run", "00:14.3");
        Assert.Equal(ExitCode.Done, dryRun.ExitCode);
        Assert.StartsWith("vfio: driverctl will bind 0000:00:14.3 to igb_uio", dryRun.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "driverctl   binds it to igb_uio at every boot",
            Tool.Run(_host, "show", "00:14.3").Succeeded().Output,
            StringComparison.Ordinal);
        Assert.Equal(
            "igb_uio",
            Tool.Run(_host, "show", "--json", "00:14.3").Succeeded().Json.GetProperty("driverctl").GetString());
    }

    [Fact]
    public void Status_shows_persistent_devices_that_are_not_bound()
    {
        WriteState("0000:00:14.3", "0000:00:08.0", "0000:7f:00.0");
        string text = Tool.Run(_host, "status").Succeeded().FitsIn(80).Output;
        Assert.Contains("0000:00:14.3 -          e1000e", text, StringComparison.Ordinal);
        Assert.Contains("persistent; not bound: sudo vfio replug 0000:00:14.3", text, StringComparison.Ordinal);
        Assert.Contains("there is another card at this address", text, StringComparison.Ordinal);
        Assert.Contains("there is no device at this address", text, StringComparison.Ordinal);

        JsonElement[] json = [.. Tool.Run(_host, "status", "--json").Succeeded().Json.EnumerateArray()];
        Assert.Equal([(false, true), (false, true), (false, true)], json.Select(
            item => (item.GetProperty("isBound").GetBoolean(), item.GetProperty("isPersistent").GetBoolean())));
        Assert.Contains(
            "persistent  yes: bound to vfio-pci",
            Tool.Run(_host, "status", "00:14.3").Succeeded().Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Status_reports_a_corrupt_file()
    {
        _host.Write("etc/vfio/persistent.json", "{");
        Result status = Tool.Run(_host, "status");
        Assert.Contains("etc/vfio/persistent.json: it is not complete JSON", status.Errors, StringComparison.Ordinal);
        Tool.Run(_host, "replug", "--all")
            .FailedWith(ExitCode.Failed, "it is not complete JSON", "vfio release --force --all");
    }

    [Theory]
    [InlineData("is not a PCI address", "eth0")]
    [InlineData("or use --all")]
    [InlineData("or use --all", "--all", "0000:00:14.3")]
    public void Replug_needs_an_address_or_all(string mistake, params string[] arguments) =>
        Tool.Run(_host, ["replug", .. arguments]).FailedWith(ExitCode.WrongUsage, mistake, "vfio");

    [Fact]
    public void Replug_skips_devices_that_do_not_match()
    {
        WriteState("0000:00:08.0", "0000:7f:00.0");
        Assert.Equal(
            "0000:00:08.0 skipped: another card is there: 1af4:1041, not 8086:10d3\n"
            + "0000:7f:00.0 skipped: no device has this address\n",
            Tool.Run(_host, "replug", "--all").Succeeded().Output);
        Assert.Equal(
            "0000:00:03.0 skipped: it is neither bound nor persistent\n",
            Tool.Run(_host, "replug", "0000:00:03.0").Succeeded().Output);
    }

    [Fact]
    public void Release_of_a_device_that_is_only_persistent_reports_what_it_did()
    {
        WriteState("0000:00:14.3");
        Assert.Equal(
            "0000:00:14.3 was not bound at present; no longer persistent\n",
            Tool.Run(_host, "release", "0000:00:14.3").Succeeded().Output);
        Assert.False(Path.Exists(_host.PathOf("etc/vfio")));
    }

    private void WriteState(params string[] addresses) => _host.Write(
        "etc/vfio/persistent.json",
        $$"""
        {
          "version": 1, "program": "/usr/bin/vfio", "createdFolders": ["etc/vfio"],
          "devices": [{{string.Join(',', addresses.Select(Entry))}}]
        }
        """);

    private static string Entry(string address) => $$"""
        { "version": 2, "address": "{{address}}", "vendorId": "8086", "deviceId": "10d3", "driver": "vfio-pci",
          "driverBefore": "e1000e", "moduleBefore": null, "overrideBefore": null, "loadedModules": [],
          "functionsBefore": null,
          "enabledFunctions": false, "interfaces": [], "disks": [], "otherNames": [], "user": null,
          "nodes": [],
          "takenAt": "2026-11-22T19:40:12+00:00", "takenBy": "root", "processId": 4711 }
        """;
}
