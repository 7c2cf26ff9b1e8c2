using Vfio.Host;

namespace Vfio.Tests;

/// <summary>
/// Devices that are bound after every reboot: their files are written completely or not at all, and removed without a
/// trace when the devices are released.
/// </summary>
public sealed class PersistTests : IDisposable
{
    private readonly PersistentHost _host = new();

    public void Dispose() => _host.Dispose();

    public static TheoryData<bool, int> Failures =>
        new() { { false, Errno.ENOSPC }, { true, Errno.ENOSPC }, { false, Errno.EACCES }, { true, Errno.EROFS } };

    [Fact]
    public void The_files_are_a_state_a_rule_a_unit_and_its_link()
    {
        _host.Bind();
        _host.AssertTaken();
        PersistentDevice entry = Assert.Single(_host.Persistent.Entries);
        Assert.Equal(("0000:00:14.3", (ushort)0x8086, (ushort)0x10d3, "vfio-pci", "e1000e", null), (
            entry.Address.ToString(),
            entry.VendorId,
            entry.DeviceId,
            entry.Driver,
            entry.OriginalDriver,
            entry.PreviousOverride));
        string rule = _host.Host
            .Read(PersistentHost.Rules)
            .Split('\n')
            .Single(line => line.StartsWith("ACTION", StringComparison.Ordinal));
        Assert.Equal(
            "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"0000:00:14.3\", "
            + "ATTR{vendor}==\"0x8086\", ATTR{device}==\"0x10d3\", "
            + "ATTR{driver_override}=\"vfio-pci\", RUN+=\"/usr/bin/vfio replug 0000:00:14.3\"",
            rule);
        Assert.Contains(
            "\nExecStart=/usr/bin/vfio replug --all\n", _host.Host.Read(PersistentHost.Unit), StringComparison.Ordinal);
        Assert.Equal($"/{PersistentHost.Unit}", new FileInfo(_host.Host.PathOf(PersistentHost.Link)).LinkTarget);
        Assert.Empty(_host.Plan().Steps);
    }

    /// <summary>The file as the first version wrote it, with journal entries of that version.</summary>
    private const string First = """
        {
          "version": 1,
          "program": "/usr/bin/vfio",
          "createdFolders": ["etc/vfio", "etc/systemd/system/sysinit.target.wants"],
          "devices": [
            {
              "version": 2, "address": "0000:00:14.3", "vendorId": "8086", "deviceId": "10d3", "driver": "vfio-pci",
              "driverBefore": "e1000e", "moduleBefore": "e1000e",
              "overrideBefore": null, "loadedModules": [], "functionsBefore": null, "enabledFunctions": false,
              "interfaces": [{ "name": "eth0", "isUp": true }], "disks": [],
              "otherNames": [], "user": null, "nodes": [], "takenAt": "2026-11-24T10:00:00+00:00", "takenBy": "root",
              "processId": 311
            }
          ]
        }
        """;

    [Fact]
    public void The_first_versions_file_is_read_and_written_in_the_present_format()
    {
        _host.Bind();
        _host.Host.Write(PersistentHost.State, First);
        PersistentDevice device = Assert.Single(_host.Persistent.Entries);
        Assert.Equal(
            ("e1000e", "eth0", "root"), (device.OriginalDriver, Assert.Single(device.Interfaces).Name, device.BoundBy));
        _host.Reboot();
        Assert.All(_host.Retake(), outcome => Assert.Equal((null, null), (outcome.Skipped, outcome.Error)));
        _host.AssertTaken();
        FakeDevice second = _host.Host.AddDevice("0000:00:15.0", driver: "e1000e", group: 13);
        _host.Bind(devices: second);
        Assert.Equal(2, _host.Persistent.Entries.Count);
        Assert.StartsWith("{\n  \"version\": 2,", _host.Host.Read(PersistentHost.State), StringComparison.Ordinal);
    }

    [Fact]
    public void Lasting_values_are_kept_and_none_of_this_boot()
    {
        _host.Bind();
        string text = _host.Host.Read(PersistentHost.State);
        Assert.All(
            (string[])["processId", "nodes", "writer", "loadedModules", "enabledFunctions"],
            field => Assert.DoesNotContain(field, text, StringComparison.Ordinal));
        // What a later version omits counts as absent.
        System.Text.Json.Nodes.JsonNode state = System.Text.Json.Nodes.JsonNode.Parse(text)!;
        System.Text.Json.Nodes.JsonObject device = state["devices"]![0]!.AsObject();
        Assert.All(
            (string[])[
                "driverBefore", "moduleBefore", "overrideBefore", "interfaces", "disks", "otherNames", "user",
                "takenAt", "takenBy",
            ],
            field => Assert.True(device.Remove(field), field));
        _host.Host.Write(PersistentHost.State, state.ToJsonString());
        Assert.Equal((null, "vfio-pci"), (_host.Persistent.ParseError, Assert.Single(_host.Persistent.Entries).Driver));
    }

    [Fact]
    public void A_group_with_an_isa_bridge_is_whole_after_a_reboot()
    {
        FakeDevice[] group = BindScenario.AddLegacyGroup(_host.Host);
        BindOptions options = new()
        {
            Host = _host.Host.Root,
            Changes = new FakeKernel(_host.Host),
            Files = new FakeFiles(_host.Host),
            Program = PersistentHost.Program,
            Persist = true,
            WholeGroup = true,
        };
        BindingPlan.Compute([group[0].Address], options).Execute();
        _host.Reboot();
        Assert.Equal(("ahci", "lpc_ich"), (group[0].Driver, group[1].Driver));
        Assert.All(_host.Retake(), outcome => Assert.Equal((null, null), (outcome.Skipped, outcome.Error)));
        Assert.Equal(("vfio-pci", null), (group[0].Driver, group[1].Driver));
        _host.Release();
        Assert.Equal(("ahci", "lpc_ich", null), (group[0].Driver, group[1].Driver, group[1].Override));
        Assert.False(_host.Host.Exists(PersistentHost.State));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Release_leaves_no_trace(bool hasFolders)
    {
        using PersistentHost host = new(hasFolders);
        host.Bind();
        Assert.NotEmpty(host.Before.DifferencesTo(new TreeSnapshot(host.Host)));
        host.Release();
        host.AssertUntouched();
    }

    [Fact]
    public void A_folder_that_another_program_created_stays()
    {
        _host.Bind();
        _host.Host.Write("etc/vfio/policy", "x");
        _host.Release();
        Assert.True(_host.Host.Exists("etc/vfio/policy"));
        Assert.False(_host.Host.Exists(PersistentHost.State));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_change_of_a_file_that_fails_undoes_the_whole_bind(bool after, int errno)
    {
        int changes = Count(host => host.Bind(), hasFolders: false);
        Assert.InRange(changes, 5, 20);
        for (int call = 1; call <= changes; call++)
        {
            using PersistentHost host = new(hasFolders: false);
            Assert.Throws<VfioException>(() => host.Bind(Fault.Error(call, after, errno)));
            host.AssertUntouched($"after failure {call} of {changes}");
        }
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_second_device_that_fails_leaves_the_first_as_it_was(bool after, int errno)
    {
        for (int call = 1; ; call++)
        {
            using PersistentHost host = new();
            FakeDevice second = BindScenario.AddSecondNic(host.Host, 13);
            host.Bind();
            TreeSnapshot one = new(host.Host);
            if (Record.Exception(() => host.Bind(Fault.Error(call, after, errno), devices: second)) is null)
            {
                Assert.InRange(call, 3, 9);
                return;
            }

            one.AssertUnchanged(host.Host, $"after failure {call}");
            Assert.Single(host.Journal.GetEntries());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Killed_at_any_change_of_a_file_one_release_removes_all(bool after)
    {
        int changes = Count(host => host.Bind());
        for (int call = 1; call <= changes; call++)
        {
            using PersistentHost host = new();
            Assert.Throws<KilledException>(() => host.Bind(Fault.Kill(call, after)));
            host.Release();

            // Only the state file tells who owned the folder. If the process is killed before it is written, an empty
            // folder stays.
            RemoveEmptyFolder(host, isExpected: call == 1 || (call == 2 && !after));
            host.AssertUntouched($"after a kill at change {call} of {changes}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Killed_or_failed_at_any_change_of_a_release_another_one_ends_it(bool isKill)
    {
        int changes = Count(host =>
        {
            host.Bind();
            return host.Release();
        });
        Assert.InRange(changes, 5, 20);
        for (int call = 1; call <= changes; call++)
        {
            foreach (bool after in (bool[])[false, true])
            {
                using PersistentHost host = new();
                host.Bind();
                if (isKill)
                {
                    Assert.Throws<KilledException>(() => host.TryRelease(Fault.Kill(call, after)));
                }
                else
                {
                    Assert.NotNull(
                        Assert.Single(host.TryRelease(Fault.Error(call, after, Errno.EROFS)).Outcomes).Error);
                    host.AssertTaken();
                    Assert.Single(host.Persistent.Entries);
                    Assert.Empty(host.Plan().Steps);
                }

                host.Release();
                RemoveEmptyFolder(host, isExpected: isKill);
                host.AssertUntouched($"after change {call} of {changes}");
            }
        }
    }

    [Fact]
    public void Each_device_is_removed_independently()
    {
        FakeDevice second = BindScenario.AddSecondNic(_host.Host, 13);
        _host.Before = new TreeSnapshot(_host.Host);
        _host.Bind(devices: [_host.Nic, second]);
        _host.Release(_host.Nic);
        Assert.Equal(second.Address, Assert.Single(_host.Persistent.Entries).Address);
        string rules = _host.Host.Read(PersistentHost.Rules);
        Assert.DoesNotContain("0000:00:14.3", rules, StringComparison.Ordinal);
        Assert.Contains("0000:00:15.0", rules, StringComparison.Ordinal);
        _host.Release(second);
        _host.AssertUntouched();
    }

    [Fact]
    public void A_device_that_is_already_bound_becomes_persistent()
    {
        _host.Bind(persist: false);
        Assert.Empty(_host.Persistent.Entries);
        _host.Bind();
        Assert.Equal("e1000e", Assert.Single(_host.Persistent.Entries).OriginalDriver);
        _host.Release();
        _host.AssertUntouched();
    }

    [Fact]
    public void A_dry_run_shows_every_file_and_writes_none()
    {
        string steps = string.Join('\n', _host.Plan().Steps);
        Assert.All(
            [PersistentHost.State, PersistentHost.Rules, PersistentHost.Unit, PersistentHost.Link],
            file => Assert.Contains(file, steps, StringComparison.Ordinal));
        _host.AssertUntouched();
    }

    [Fact]
    public void Without_systemd_there_is_no_unit_and_without_udev_nothing()
    {
        Directory.Delete(_host.Host.PathOf("run/systemd"), recursive: true);
        _host.Bind();
        Assert.False(_host.Host.Exists(PersistentHost.Unit));
        _host.Release();
        File.Delete(_host.Host.PathOf("run/udev/control"));
        Assert.Contains(
            "udev, which would bind the device again, does not run",
            Assert.Throws<VfioException>(() => _host.Plan()).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usr/bin/vfio", 0x1ff)]
    [InlineData("usr/bin", 0x1ff)]
    [InlineData("usr", 0x3ff)]
    [InlineData("usr/bin/vfio", 0x1a4)]
    public void A_program_that_others_can_change_or_not_run_is_refused(string path, int mode)
    {
        File.SetUnixFileMode(_host.Host.PathOf(path), (UnixFileMode)mode);
        BindingRefusal refusal = Assert.Single(_host.Plan().Refusals);
        Assert.Equal("program", refusal.Reason.ToWord());
        Assert.Contains("/" + path, refusal.Explanation, StringComparison.Ordinal);
        Assert.Contains("install", refusal.Hint, StringComparison.Ordinal);
        File.SetUnixFileMode(_host.Host.PathOf(path), (UnixFileMode)0x1ed);
        Assert.Empty(_host.Plan().Refusals);
    }

    [Fact]
    public void A_program_that_is_mounted_late_is_refused()
    {
        _host.Host.Append("proc/self/mountinfo", "30 22 8:3 / /usr rw - ext4 /dev/sda3 rw\n");
        Assert.Empty(_host.Plan().Refusals);
        _host.Host.Append("proc/self/mountinfo", "31 30 8:4 / /usr/bin rw - ext4 /dev/sda4 rw\n");
        Assert.Contains("/usr/bin", Assert.Single(_host.Plan().Refusals).Explanation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("etc/driverctl.d/pci-0000:00:14.3")]
    [InlineData("etc/driverctl.d/0000:00:14.3")]
    public void A_device_of_driverctl_is_refused_unless_both_name_the_same_driver(string file)
    {
        _host.Host.Write(file, "uio_pci_generic\n");
        BindingRefusal refusal = Assert.Single(_host.Plan().Refusals);
        Assert.Equal(("driverctl", false), (refusal.Reason.ToWord(), refusal.CanForce));
        Assert.Contains("driverctl unset-override 0000:00:14.3", refusal.Hint, StringComparison.Ordinal);

        BindingPlan now = _host.Plan(persist: false);
        Assert.Empty(now.Refusals);
        Assert.Contains("uio_pci_generic", Assert.Single(now.Warnings), StringComparison.Ordinal);

        _host.Host.Write(file, "vfio-pci\n");
        Assert.Empty(_host.Plan().Refusals);
        _host.Bind();
        Assert.Equal("vfio-pci\n", _host.Host.Read(file));
    }

    private static void RemoveEmptyFolder(PersistentHost host, bool isExpected)
    {
        if (isExpected && host.Host.Exists("etc/vfio"))
        {
            Directory.Delete(host.Host.PathOf("etc/vfio"), recursive: false);
        }
    }

    private static int Count(Func<PersistentHost, FakeFiles> run, bool hasFolders = true)
    {
        using PersistentHost host = new(hasFolders);
        return run(host).Calls.Count;
    }
}
