using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>
/// Kills the published tool at every call that changes the host, or makes that call fail. The calls themselves are
/// approved: another call, or another order, is a change of the test.
/// </summary>
public sealed partial class FaultTests : HostTest
{
    private const string SyncFolder = "fsync /run/vfio vfio";
    private const string Root = "/sys/devices/pci0000:00";
    private const string Drivers = "/sys/bus/pci/drivers";
    private const string Probe = "write /sys/bus/pci/drivers_probe vfio";
    private const string Unbind = $"write {Drivers}/vfio-pci/unbind vfio";
    private const string IgbOverride = $"write {Root}/0000:00:10.0/{Machine.Igb}/driver_override vfio";
    private const string IgbFunctions = $"write {Root}/0000:00:10.0/{Machine.Igb}/sriov_numvfs vfio";
    private const string NicOverride = $"write {Root}/{Machine.Nic}/driver_override vfio";
    private const string EduOverride = $"write {Root}/{Machine.Bridge}/{Machine.GroupedEdu}/driver_override vfio";
    private const string GroupedOverride = $"write {Root}/{Machine.Bridge}/{Machine.GroupedNic}/driver_override vfio";

    private static readonly string[] BindNic = ["bind", Machine.Nic];
    private static readonly string[] BindPair = ["bind", "--group", Machine.GroupedNic];
    private static readonly string[] TwoFunctions = ["sriov", Machine.Igb, "2"];

    public FaultTests()
    {
        // The journal's folder and lock are created by the first command, and stay: they are kill points of that
        // command only.
        if (!File.Exists("/run/vfio/lock"))
        {
            Machine.Vfio("bind", Machine.Edu).Succeeded();
            Machine.Vfio("release", Machine.Edu).Succeeded();
        }

        UnloadModules();
    }

    [Fact]
    public void Killed_at_each_change_of_a_bind_release_all_restores_the_host() => KillEverywhere(
        UnloadModules,
        ["bind", "--user", Machine.User, Machine.Nic],
        [
            .. Remember(Machine.Nic),
            "finit_module irqbypass kmod",
            "finit_module vfio-pci-core kmod",
            "finit_module vfio-pci kmod",
            NicOverride,
            $"write {Drivers}/e1000e/unbind vfio",
            Probe,
            $"setxattr /dev/vfio/{Machine.Group(Machine.Nic)} vfio",
            "setxattr /dev/vfio/devices/vfio0 vfio",
            "setxattr /dev/iommu vfio",
        ]);

    // The journal entry names the process that writes to the kernel before the first write.
    [Fact]
    public void Killed_at_each_change_of_a_release_release_all_restores_the_host() => KillEverywhere(
        () =>
        {
            UnloadModules();
            Machine.Vfio("bind", "--user", Machine.User, Machine.Nic).Succeeded();
        },
        ["release", Machine.Nic],
        [
            .. Remember(Machine.Nic),
            NicOverride,
            Unbind,
            $"write {Drivers}/e1000e/bind vfio",
            NicOverride,
            "setxattr /dev/iommu vfio",
            "delete_module vfio_pci kmod",
            "delete_module vfio_pci_core kmod",
            "delete_module irqbypass kmod",
            .. Forget(Machine.Nic),
        ]);

    [Fact]
    [Trait("Soak", "yes")]
    public void Killed_at_each_change_of_a_bind_of_a_whole_group_release_all_restores_the_host() => KillEverywhere(
        LoadModules,
        BindPair,
        [
            .. Remember(Machine.GroupedNic),
            .. Remember(Machine.GroupedEdu),
            GroupedOverride,
            $"write {Drivers}/virtio-pci/unbind vfio",
            Probe,
            EduOverride,
            Probe,
        ]);

    [Fact]
    public void Killed_at_each_change_of_the_release_of_a_pair_release_all_restores_the_host() => KillEverywhere(
        () =>
        {
            LoadModules();
            Machine.Vfio(BindPair).Succeeded();
        },
        ["release", "--all"],
        [
            .. Remember(Machine.GroupedEdu),
            EduOverride,
            Unbind,
            .. Forget(Machine.GroupedEdu),
            .. Remember(Machine.GroupedNic),
            GroupedOverride,
            Unbind,
            $"write {Drivers}/virtio-pci/bind vfio",
            GroupedOverride,
            .. Forget(Machine.GroupedNic),
        ]);

    [Fact]
    public void Killed_at_each_change_of_a_devices_virtual_functions_release_all_restores_the_host()
    {
        Machine.Need(Machine.Igb);
        KillEverywhere(() => { }, TwoFunctions, [.. Remember(Machine.Igb), IgbFunctions]);
    }

    [Fact]
    [Trait("Soak", "yes")]
    public void Killed_at_each_change_of_a_release_of_a_device_and_its_virtual_functions_release_all_restores_the_host()
    {
        Machine.Need(Machine.Igb);
        KillEverywhere(
            () =>
            {
                LoadModules();
                Machine.Vfio("bind", Machine.Igb).Succeeded();
                Machine.Vfio("sriov", Machine.Igb, "1").Succeeded();
            },
            ["release", "--all"],
            [
                .. Remember(Machine.Igb),
                IgbOverride,
                Unbind,
                $"write {Drivers}/igb/bind vfio",
                IgbOverride,
                .. Forget(Machine.Igb),
            ]);
    }

    [Theory]
    [InlineData("EBUSY")]
    [InlineData("EINVAL", Traits = ["Soak", "yes"])]
    [InlineData("ENODEV", Traits = ["Soak", "yes"])]
    [InlineData("ENOSPC", Traits = ["Soak", "yes"])]
    public void Each_failing_write_for_a_pair_and_for_virtual_functions_is_undone_or_released(string error)
    {
        Machine.Need(Machine.Igb);
        foreach (string[] command in (string[][])[BindPair, TwoFunctions])
        {
            FailEachWrite(error, command, () => Machine.Vfio("release", "--all").Succeeded());
        }
    }

    [Fact]
    public void Each_failing_write_of_a_bind_rolls_back() => FailEachWrite("EBUSY", BindNic, () => { });

    private void FailEachWrite(string error, string[] command, Action afterwards)
    {
        LoadModules();
        string[] points = KillPoint.Record(command);
        Machine.Vfio("release", "--all").Succeeded();
        Assert.Contains(points, IsWrite);
        for (int n = 1; n <= points.Length; n++)
        {
            if (IsWrite(points[n - 1]))
            {
                Result result = KillPoint.Fail(n, error, command);
                result.FailedWith(1, "vfio: write on ", "");
                Assert.Contains(error, result.Errors, StringComparison.Ordinal);
                afterwards();
                AssertHostUntouched();
            }
        }
    }

    private void KillEverywhere(Action prepare, string[] command, string[] expected)
    {
        prepare();
        Assert.Equal(expected, KillPoint.Record(command).Select(Shorten));
        Machine.Vfio("release", "--all").Succeeded();
        AssertHostUntouched();
        for (int n = 1; n <= expected.Length; n++)
        {
            if (!Machine.IsSoak && IsPartOfAFile(expected[n - 1]))
            {
                continue;
            }

            prepare();
            Result result = KillPoint.Kill(n, command);
            Assert.True(result.ExitCode == KillPoint.Killed, $"before point {n}, {expected[n - 1]}: {result}");
            Machine.Vfio("release", "--all").Succeeded();
            AssertHostUntouched();
        }
    }

    // An incomplete journal entry is one state, however much of it was written; and a folder in memory is the same,
    // synced or not.
    private static bool IsPartOfAFile(string point) =>
        (point.EndsWith(".json.new vfio", StringComparison.Ordinal) && !IsWrite(point)) || point == SyncFolder;

    private static bool IsWrite(string point) => point.StartsWith("write ", StringComparison.Ordinal);

    // The calls that write an entry of the journal, and that remove it.
    private static string[] Remember(string address) =>
    [
        $"openat /run/vfio/{address}.json.new vfio",
        $"fchmod /run/vfio/{address}.json.new vfio",
        $"write /run/vfio/{address}.json.new vfio",
        $"fsync /run/vfio/{address}.json.new vfio",
        $"rename /run/vfio/{address}.json.new -> /run/vfio/{address}.json vfio",
        SyncFolder,
    ];

    private static string[] Forget(string address) => [$"unlink /run/vfio/{address}.json vfio", SyncFolder];

    // Only the name of a module's file, because its path depends on the kernel.
    private static string Shorten(string point) => ModuleFile().Replace(point, "$1");

    // The modules are loaded before, so that a bind and its release do not load them. Loading them each time would
    // double the time.
    private static void LoadModules()
    {
        if (!Directory.Exists($"{Drivers}/vfio-pci"))
        {
            Machine.Do("modprobe vfio-pci");
        }
    }

    // Including those that a killed command left while it loaded them; otherwise the next command would have fewer kill
    // points.
    private static void UnloadModules()
    {
        string[] modules = ["vfio_pci", "vfio_pci_core", "irqbypass"];
        string[] left = [.. modules.Where(module => Directory.Exists($"/sys/module/{module}"))];
        if (left.Length != 0)
        {
            Machine.Run("rmmod", left).Succeeded();
        }
    }

    [GeneratedRegex("(?<=^finit_module )/.*/([^/]+)\\.ko[^ ]*")]
    private static partial Regex ModuleFile();
}
