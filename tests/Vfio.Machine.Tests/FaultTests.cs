using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>The shipped tool, killed or failed from outside at every system call that matters.</summary>
public sealed class FaultTests : HostTest
{
    // Every call by which binding changes something: kernel attributes and the journal are written, synced, renamed, removed;
    // folders made; nodes given away.
    private static readonly string[] Changes = ["write", "fsync", "rename", "unlink", "mkdir", "setxattr"];

    [Fact]
    public void Killed_at_each_change_of_a_bind_release_all_restores_the_host() =>
        KillEverywhere(atLeast: 9, () => { }, "bind", "--user", Machine.User, Machine.Nic);

    [Fact]
    public void Killed_at_each_change_of_a_release_release_all_restores_the_host() =>
        KillEverywhere(atLeast: 5, () => Machine.Vfio("bind", "--user", Machine.User, Machine.Nic).Succeeded(), "release", Machine.Nic);

    [Fact]
    public void Killed_at_each_change_of_a_bind_of_a_whole_group_release_all_restores_the_host() =>
        KillEverywhere(atLeast: 14, () => { }, "bind", "--group", Machine.GroupedNic);

    [Fact]
    public void Killed_at_each_change_of_the_release_of_a_pair_release_all_restores_the_host() =>
        KillEverywhere(atLeast: 10, () => Machine.Vfio("bind", "--group", Machine.GroupedNic).Succeeded(), "release", "--all");

    [Fact]
    public void Killed_at_each_change_of_a_devices_functions_release_all_restores_the_host()
    {
        Machine.Need(Machine.Igb);
        KillEverywhere(atLeast: 5, () => { }, "sriov", Machine.Igb, "2");
    }

    [Fact]
    public void Killed_at_each_change_of_the_release_of_a_taken_device_and_its_functions_release_all_restores_the_host()
    {
        Machine.Need(Machine.Igb);
        KillEverywhere(
            atLeast: 5,
            () =>
            {
                Machine.Vfio("bind", Machine.Igb).Succeeded();
                Machine.Vfio("sriov", Machine.Igb, "1").Succeeded();
            },
            "release", "--all");
    }

    [Theory]
    [InlineData("EBUSY")]
    [InlineData("EINVAL")]
    [InlineData("ENODEV")]
    [InlineData("ENOSPC")]
    public void Each_failing_write_for_a_pair_and_for_functions_is_undone_or_released(string error)
    {
        Machine.Need(Machine.Igb);
        int failures = FailEverywhere(error, ["bind", "--group", Machine.GroupedNic]) + FailEverywhere(error, ["sriov", Machine.Igb, "2"]);
        TestContext.Current.SendDiagnosticMessage($"failed {failures} times with {error}");
        Assert.True(failures >= 8, $"only {failures} writes mattered");
    }

    private int FailEverywhere(string error, string[] command)
    {
        int writes = Count("write", command);
        Machine.Vfio("release", "--all").Succeeded();
        int failures = 0;
        for (int n = 1; n <= writes; n++)
        {
            failures += Strace($"-e inject=write:error={error}:when={n}", command).ExitCode == 0 ? 0 : 1;
            Machine.Vfio("release", "--all").Succeeded();
            AssertHostUntouched();
        }

        return failures;
    }

    [Fact]
    public void Each_failing_write_of_a_bind_rolls_back()
    {
        // No process is started for it then, whose end the runtime writes to itself.
        Machine.Do("modprobe vfio-pci");
        int writes = Count("write", "bind", Machine.Nic);
        Machine.Vfio("release", Machine.Nic).Succeeded();
        int failures = 0;
        for (int n = 1; n <= writes; n++)
        {
            Result result = Strace($"-e inject=write:error=EBUSY:when={n}", "bind", Machine.Nic);
            if (result.ExitCode != 0 && result.Errors.StartsWith("vfio: write on ", StringComparison.Ordinal))
            {
                failures++;
            }
            else
            {
                // A write that is not the binding's own: the runtime's, or the report on the terminal.
                Machine.Vfio("release", "--all").Succeeded();
            }

            AssertHostUntouched();
        }

        Assert.True(failures >= 4, $"only {failures} of {writes} writes mattered: journal, override, unbind, probe must");
    }

    [Theory]
    [InlineData("type1v2", "VFIO_GET_API_VERSION VFIO_GROUP_GET_STATUS VFIO_GROUP_SET_CONTAINER VFIO_SET_IOMMU VFIO_GROUP_GET_DEVICE_FD VFIO_IOMMU_GET_INFO")]
    [InlineData("iommufd", "IOMMU_IOAS_ALLOC VFIO_DEVICE_BIND_IOMMUFD VFIO_DEVICE_ATTACH_IOMMUFD_PT IOMMU_IOAS_IOVA_RANGES")]
    public void Each_failing_ioctl_of_an_open_is_named_and_leaves_the_device_usable(string backend, string calls)
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        HashSet<string> named = [];
        for (int n = 1; n <= 18; n++)
        {
            Result result = Strace($"-e inject=ioctl:error=EIO:when={n}", "read", "--backend", backend, Machine.Edu, "bar0");
            if (result.ExitCode != 0)
            {
                Match ioctl = Regex.Match(result.Errors, "vfio: .*?((VFIO|IOMMU)_[A-Z0-9_]+)");
                Assert.True(ioctl.Success, result.ToString());
                named.Add(ioctl.Groups[1].Value);
            }

            Machine.Vfio("read", "--backend", backend, Machine.Edu, "bar0").Succeeded();
        }

        Assert.Superset(calls.Split(' ').Concat(["VFIO_DEVICE_GET_INFO", "VFIO_DEVICE_GET_REGION_INFO"]).ToHashSet(), named);
    }

    [Fact]
    public void What_the_kernel_or_the_user_lacks_is_gone_round()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Assert.Contains("opened through iommufd;", Machine.Run(Machine.Sample, Machine.Edu).Succeeded(), StringComparison.Ordinal);
        Machine.Do("mv /dev/iommu /dev/iommu.away");
        try
        {
            Assert.Contains("opened through type1v2;", Machine.Run(Machine.Sample, Machine.Edu).Succeeded(), StringComparison.Ordinal);
            bool found = false;
            for (int n = 1; n <= 12 && !found; n++)
            {
                // One of these answers is the one to VFIO_CHECK_EXTENSION(TYPE1v2): "no".
                Result result = Machine.Run("strace", "-qq", "-o", "/dev/null", "-e", $"inject=ioctl:retval=0:when={n}", Machine.Sample, Machine.Edu);
                found = result.ExitCode == 0 && result.Output.Contains("opened through type1;", StringComparison.Ordinal);
            }

            Assert.True(found);
        }
        finally
        {
            Machine.Do("mv /dev/iommu.away /dev/iommu");
        }
    }

    private void KillEverywhere(int atLeast, Action prepare, params string[] command)
    {
        int kills = 0;
        foreach (string call in Changes)
        {
            for (int n = 1; ; n++)
            {
                prepare();
                Result result = Strace($"-e inject={call}:signal=KILL:when={n}", command);
                bool killed = result.ExitCode is 137 or 9;
                Machine.Vfio("release", "--all").Succeeded();
                AssertHostUntouched();
                if (!killed)
                {
                    Assert.True(result.ExitCode == 0, result.ToString());
                    break;
                }

                kills++;
                Assert.True(n < 200, $"{call} does not end");
            }
        }

        TestContext.Current.SendDiagnosticMessage($"killed {kills} times at: {string.Join(' ', command)}");
        // Journal: write, sync, rename, sync of the folder, or unlink and sync; kernel: override, unbind, probe or bind; the node.
        Assert.True(kills >= atLeast, $"killed only {kills} times: the calls to kill at are the wrong ones");
    }

    private static int Count(string call, params string[] command)
    {
        Result result = Strace($"-c -e trace={call} -o /tmp/strace.count", command);
        result.Succeeded();
        // % time, seconds, usecs/call, calls, [errors,] syscall
        return File.ReadLines("/tmp/strace.count")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 4 && fields[^1] == call)
            .Select(fields => int.Parse(fields[3], System.Globalization.CultureInfo.InvariantCulture))
            .First();
    }

    // Only the thread that began is followed to its children: the tool changes the host from its main thread.
    private static Result Strace(string options, params string[] command) =>
        Machine.Run("strace", ["-qq", .. options.Contains("-o ", StringComparison.Ordinal) ? (string[])[] : ["-o", "/dev/null"], .. options.Split(' '), Machine.Tool, .. command]);
}
