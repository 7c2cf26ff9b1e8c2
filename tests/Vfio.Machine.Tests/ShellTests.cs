using System.Diagnostics;

namespace Vfio.Machine.Tests;

/// <summary>
/// The register commands on a real card: by name, in one open, recorded, replayed, dumped, compared, watched.
/// </summary>
public sealed class ShellTests : HostTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vfio-shell-").FullName;

    public ShellTests() => Machine.Vfio("bind", Machine.Nic).Succeeded();

    public override void Dispose()
    {
        Machine.Run(Machine.Qmp, "set_link", "name=nic2", "up=true");
        Directory.Delete(_folder, recursive: true);
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_script_reads_writes_undoes_and_its_recording_replays_before_and_after_a_reset()
    {
        string recording = PathOf("session.jsonl");
        string output = Shell($"""
            record {recording}
            read STATUS
            read VET
            write VET 0x1234      # a register that nothing but VLANs look at
            read VET
            undo
            read VET
            read EXP.DevSta
            """).Succeeded();
        string[] lines = output.Split('\n');
        Assert.StartsWith("STATUS: 0x", lines[0], StringComparison.Ordinal);
        Assert.Contains("LU", lines[1], StringComparison.Ordinal);
        string[] values = [.. lines.Where(line => line.StartsWith("VET: ", StringComparison.Ordinal))];
        // The original value, the written one, the one that undo wrote, and the one that was read again.
        Assert.Equal(4, values.Length);
        Assert.Equal("VET: 0x00001234", values[1]);
        Assert.NotEqual(values[0], values[1]);
        Assert.Equal([values[0], values[0]], values[2..]);
        Assert.Contains("EXP.DevSta: 0x", output, StringComparison.Ordinal);

        Assert.Contains(
            "6 reads as recorded",
            Machine.Vfio("replay", recording, Machine.Nic).Succeeded(),
            StringComparison.Ordinal);
        Shell("reset").Succeeded();
        Assert.Contains(
            "6 reads as recorded",
            Machine.Vfio("replay", recording, Machine.Nic).Succeeded(),
            StringComparison.Ordinal);
        AssertOther(recording);
    }

    [Fact]
    public void What_a_recording_left_behind_differs_until_the_device_is_reset()
    {
        string recording = PathOf("left.jsonl");
        Shell("set CTRL RST\nwait CTRL 0x04000000 0 120s").Succeeded();
        Shell($"record {recording}\nread VET\nwrite VET 0x1234\nread VET").Succeeded();
        // The kernel's reset, through the power state, does not change QEMU's registers; the card's own reset does.
        Machine.Vfio("replay", recording, Machine.Nic)
            .FailedWith(1, "VET (bar0+0x38) reads 0x00001234", "the replay stopped there");
        Shell("set CTRL RST\nwait CTRL 0x04000000 0 120s").Succeeded();
        // Two accesses of the script, and the read before the write.
        Assert.Contains(
            "3 reads as recorded",
            Machine.Vfio("replay", recording, Machine.Nic).Succeeded(),
            StringComparison.Ordinal);
        Shell("set CTRL RST").Succeeded();
    }

    [Fact]
    public void A_reset_empties_the_undo_list()
    {
        // The effect of a reset depends on the device: this one can only be reset through its power state, in which
        // QEMU keeps the registers.
        Shell("write VET 0x1234\nundo\nreset").Succeeded();
        Shell("write VET 0x8100\nreset\nundo").FailedWith(1, "undo: there is nothing to undo", "since the last reset");
    }

    [Fact]
    public void Watch_shows_a_link_that_comes_and_goes_and_ends_well_on_Ctrl_C()
    {
        // The machine starts programs with Ctrl-C ignored, as shells do in the background.
        using Process watch = Machine.Start(
            "env", "--default-signal=INT", Machine.Tool, "watch", Machine.Nic, "STATUS", "--interval", "20");
        string first = watch.StandardOutput.ReadLine() ?? "";
        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} STATUS 0x[0-9a-f]{8}$", first);

        // The card has its link when auto-negotiation is done; from then on QEMU controls the link.
        Machine.Run(Machine.Qmp, "set_link", "name=nic2", "up=false").Succeeded();
        Machine.Run(Machine.Qmp, "set_link", "name=nic2", "up=true").Succeeded();
        Machine.Run(Machine.Qmp, "set_link", "name=nic2", "up=false").Succeeded();
        string down = ReadUntil(watch, "LU=1->0");
        Assert.Matches("STATUS 0x[0-9a-f]{8} -> 0x[0-9a-f]{8}", down);
        Machine.Run(Machine.Qmp, "set_link", "name=nic2", "up=true").Succeeded();
        ReadUntil(watch, "LU=0->1");

        Machine.Do($"kill -INT {watch.Id}");
        Assert.True(watch.WaitForExit(Machine.Patience), "watch did not end");
        Assert.Equal(0, watch.ExitCode);
        Assert.Empty(watch.StandardError.ReadToEnd());
        Machine.Vfio("read", Machine.Nic, "STATUS").Succeeded();
    }

    [Fact]
    public void A_dump_of_configuration_space_is_read_by_lspci_and_is_equal_to_its_own()
    {
        string dump = PathOf("config.txt");
        string own = PathOf("lspci.txt");
        Machine.Vfio("dump", Machine.Nic, "config", "-o", dump).Succeeded();
        Machine.Do($"lspci -s {Machine.Nic} -xxxx > {own}");
        Assert.Contains("82574L", Machine.Do($"lspci -F {dump}"), StringComparison.Ordinal);
        // While no program has it open, vfio-pci suspends the card.
        Assert.Equal(
            Machine.Do($"lspci -F {own} -vvv | tail -n +2 | grep -v 'Status: D'"),
            Machine.Do($"lspci -F {dump} -vvv | tail -n +2 | grep -v 'Status: D'"));
        Machine.Vfio("diff", dump, Machine.Nic).Succeeded();
    }

    [Fact]
    public void A_dump_of_registers_differs_from_the_device_by_what_was_written()
    {
        string before = PathOf("before.txt");
        string after = PathOf("after.txt");
        Shell($"dump bar0 {before}\nwrite VET 0x1234\ndump bar0 {after}");
        Result diff = Machine.Vfio("diff", before, after);
        Assert.Equal(1, diff.ExitCode);
        Assert.Contains("-> 0x00001234  VET", diff.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ordinary_user_has_the_shell_too()
    {
        Machine.Vfio("release", Machine.Nic).Succeeded();
        Machine.Vfio("bind", "--user", Machine.User, Machine.Nic).Succeeded();
        string script = PathOf("script");
        File.WriteAllText(script, "read STATUS\n");
        Machine.Do($"chmod -R a+rX {_folder}");
        Assert.StartsWith(
            "STATUS: 0x", Machine.VfioAsUser("shell", Machine.Nic, script).Succeeded(), StringComparison.Ordinal);
    }

    private static void AssertOther(string recording)
    {
        string[] lines = File.ReadAllLines(recording);
        int line = Array.FindIndex(
            lines,
            text => text.Contains("\"name\":\"VET\"", StringComparison.Ordinal)
                && text.Contains("\"read\"", StringComparison.Ordinal));
        lines[line] = lines[line].Replace("\"value\":\"0x0000", "\"value\":\"0xffff", StringComparison.Ordinal);
        File.WriteAllLines(recording, lines);
        Machine.Vfio("replay", recording, Machine.Nic)
            .FailedWith(1, $":{line + 1}: VET (bar0+0x38) reads 0x0000", "the replay stopped there");
    }

    private static string ReadUntil(Process process, string text)
    {
        using CancellationTokenSource patience = new(Machine.Patience);
        while (process.StandardOutput.ReadLineAsync(patience.Token).AsTask().GetAwaiter().GetResult() is string line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException(
            $"the watch ended before it said {text}: {process.StandardError.ReadToEnd()}");
    }

    private Result Shell(string script)
    {
        string file = PathOf("script");
        File.WriteAllText(file, script);
        return Machine.Vfio("shell", Machine.Nic, file);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}
