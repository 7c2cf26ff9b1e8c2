using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>
/// The shell's memory with QEMU's edu, which transfers behind a real IOMMU, and the output of status inside and outside
/// the shell.
/// </summary>
public sealed class ShellMemoryTests : HostTest
{
    private const string Iommu = "/dev/iommu";

    private readonly string _folder = Directory.CreateTempSubdirectory("vfio-memory-").FullName;
    private readonly UnixFileMode _iommu = File.GetUnixFileMode(Iommu);

    public override void Dispose()
    {
        File.SetUnixFileMode(Iommu, _iommu);
        Directory.Delete(_folder, recursive: true);
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("iommufd", false)]
    [InlineData("type1v2", true)]
    public void A_device_transfers_and_status_names_the_fault_and_the_buffer_that_was_there(
        string backend, bool hasEntries)
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        WaitUntilFaultsAreLoggedAgain();
        // The last transfer is allowed. When it ends, the kernel has logged the faults of the earlier ones.
        string output = Machine.Vfio("shell", "--backend", backend, Machine.Edu, Script($"""
            alloc 4096 --bits 28
            free 0x10000
            alloc 4096 --at 0x100000
            alloc 4096 read --at 0x200000
            poke 0x100000 0x12345678
            set config.COMMAND 2
            {Transfer("0x100000", "0x40000", command: 1)}
            {Transfer("0x40000", "0x100800", command: 3)}
            peek 0x100800 2
            {Transfer("0x40000", "0x200000", command: 3)}
            {Transfer("0x40000", "0x10000", command: 3)}
            {Transfer("0x40000", "0x100900", command: 3)}
            peek 0x200000
            status
            status
            """)).Succeeded();
        Assert.Contains("0x10000: 4 KiB, read and write, alloc 1\n", output, StringComparison.Ordinal);
        Assert.Contains("0x200000: 4 KiB, read, alloc 3\n", output, StringComparison.Ordinal);
        Assert.Contains("0x100800: 0x12345678 0x00000000\n", output, StringComparison.Ordinal);
        Assert.Contains("0x200000: 0x00000000\n", output, StringComparison.Ordinal);
        Assert.Contains(
            $"  backend     {backend}\n  bus master  enabled\n  mapped      2 buffers, 8 KiB; peak 2 "
            + $"buffers, 8 KiB\n",
            output,
            StringComparison.Ordinal);
        Assert.Equal(hasEntries, output.Contains("  available   65533 mappings\n", StringComparison.Ordinal));
        Assert.Matches("  locked      8 KiB", output);
        Assert.Matches("write of 0x200000: [^;\n]+; mapping: 0x200000, 4 KiB, read, alloc 3, [0-9.]+ s\n", output);
        Assert.Matches(
            "write of 0x10000: [^;\n]+; mapping: 0x10000, 4 KiB, read and write, alloc 1, [0-9.]+ "
            + "s, no longer mapped\n",
            output);
        Assert.Matches(@"0x200000 +4 KiB +read +alloc 3 +[0-9.]+ s", output);
        Assert.EndsWith(
            "s\n",
            output[output.IndexOf("faults      none since the last status\n", StringComparison.Ordinal)..],
            StringComparison.Ordinal);
        // The next program that opens the device finds it in order.
        Machine.Vfio("read", Machine.Edu, "ID").Succeeded();
    }

    [Theory]
    [InlineData("iommufd")]
    [InlineData("type1v2")]
    public void From_outside_status_names_the_holder_and_its_locked_memory(string backend)
    {
        Machine.Vfio("bind", "--user", Machine.User, Machine.Edu).Succeeded();
        Assert.Contains(
            "  open by     no process\n", Machine.Vfio("status", Machine.Edu).Succeeded(), StringComparison.Ordinal);
        Machine.Do($"chmod a+rx {_folder}");
        // As on a host with several users: the device's node decides what each user may open.
        File.SetUnixFileMode(Iommu, _iommu | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        // The register reads as the complement of the value written. No reset clears it here, so an earlier test may
        // have left any value.
        string script = Script("alloc 0x100000\nwrite LIVENESS 0xffffffff\nwait LIVENESS 1 1 600s");
        using Process shell = Machine.Start(
            "setpriv",
            "--reuid=1000",
            "--regid=1000",
            "--clear-groups",
            "--",
            "env",
            "--default-signal=INT",
            Machine.Tool,
            "shell",
            "--backend",
            backend,
            Machine.Edu,
            script);
        string status = "";
        Assert.True(
            Machine.Becomes(
                () => (status = Machine.Vfio("status", Machine.Edu).Succeeded())
                    .Contains("MiB", StringComparison.Ordinal)
                    && Regex.IsMatch(status, "1 MiB (locked|pinned)")),
            status);
        Assert.StartsWith($"{Machine.Edu} ", status, StringComparison.Ordinal);
        Assert.Contains(
            $"  open by     pid {shell.Id} (vfio, user {Machine.User})\n", status, StringComparison.Ordinal);
        Assert.Contains(
            $"  nodes       /dev/vfio/{Machine.Group(Machine.Edu)} (for root and {Machine.User}), "
            + $"/dev/vfio/devices/vfio",
            status,
            StringComparison.Ordinal);
        Assert.Matches("[0-9]+ [a-zA-Z]+ locked, [0-9]+ [a-zA-Z]+ pinned; it may lock ", status);
        Assert.Equal(
            Directory.Exists("/sys/module/vfio_iommu_type1/parameters"),
            status.Contains("at most 65535 per container", StringComparison.Ordinal));
        // A user sees only their own processes.
        Assert.Contains(
            $"pid {shell.Id} (vfio, ", Machine.VfioAsUser("status", Machine.Edu).Succeeded(), StringComparison.Ordinal);
        Assert.Contains(
            "\"limit\"", Machine.VfioAsUser("status", "--json", Machine.Edu).Succeeded(), StringComparison.Ordinal);
        Machine.Do($"kill -INT {shell.Id}");
        Assert.True(shell.WaitForExit(Machine.Patience), "the shell did not end");
        Machine.Vfio("release", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void An_ordinary_user_is_told_the_limit_that_was_reached_and_that_only_root_can_read_the_log()
    {
        Machine.Vfio("bind", "--user", Machine.User, Machine.Edu).Succeeded();
        Machine.Do($"chmod a+rx {_folder}");
        string restricted = Machine.Do("cat /proc/sys/kernel/dmesg_restrict").Trim();
        try
        {
            Machine.Do("echo 1 > /proc/sys/kernel/dmesg_restrict");
            string script = Script("alloc 4096\nstatus\nalloc 0x100000");
            Result result = Machine.RunAsUser(
                "prlimit", "--memlock=65536:65536", Machine.Tool, "shell", Machine.Edu, script);
            result.FailedWith(1, "script:3: ", "sudo prlimit --pid ");
            Assert.Contains("  locked      4 KiB of 64 KiB\n", result.Output, StringComparison.Ordinal);
            Assert.Matches(
                "  faults      unknown: open on /dev/kmsg: E[A-Z]+ .*only root may read the kernel's log",
                result.Output);
        }
        finally
        {
            Machine.Do($"echo {restricted} > /proc/sys/kernel/dmesg_restrict");
        }
    }

    // Linux logs ten lines about faults in five seconds, and uses three for each fault; those of an earlier test count
    // too.
    private static void WaitUntilFaultsAreLoggedAgain()
    {
        const string lastFault = "dmesg | sed -n 's/^\\[ *\\([0-9.]*\\)\\] DMAR:.*fault.*/\\1/p' | tail -n 1";
        string last = Machine.Do(lastFault).Trim();
        Assert.True(last.Length == 0 || Machine.Becomes(() => Uptime() > Seconds(last) + 6));
    }

    private static double Uptime() => Seconds(File.ReadAllText("/proc/uptime").Split(' ')[0]);

    private static double Seconds(string text) => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static string Transfer(string source, string destination, int command) =>
        $"write DMA_SRC {source}\nwrite DMA_DST {destination}\nwrite DMA_COUNT 8\nwrite DMA_CMD {command}\n"
        + "wait DMA_CMD START 0 120s";

    private string Script(string text)
    {
        string file = Path.Combine(_folder, "script");
        File.WriteAllText(file, text);
        Machine.Do($"chmod a+r {file}");
        return file;
    }
}
