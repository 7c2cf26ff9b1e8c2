using System.Text;

namespace Vfio.Cli.Tests;

public sealed class ShellTests : RegisterCommandTest
{
    [Fact]
    public void A_script_is_performed_in_one_open() =>
        Approved.Matches("shell", RunForEveryReader(() => { }, "shell", "00:14.3", WriteFile("script", """
        # what a script looks like
        read STATUS
        read bar0 -n 3
          write SCRATCH 0xdeadbeef   # and what follows
        read SCRATCH
        undo
        read SCRATCH
        set CTRL RST
        clear CTRL 26
        set config+4 0 -w 16
        wait STATUS FD 1 100ms
        read COMMAND

        reset
        quit
        write SCRATCH 1
        """)));

    [Fact]
    public void Standard_input_is_a_script_too()
    {
        Assert.Equal("SCRATCH: 0x12345678\n", RunLines("read SCRATCH").Succeeded().Output);
        Assert.Equal("SCRATCH: 0x12345678\n", RunScript(["shell", "00:14.3", "-"], "read SCRATCH").Succeeded().Output);
        Assert.Empty(RunLines().Succeeded().Output);
    }

    [Fact]
    public void A_write_reads_what_was_there_before()
    {
        RunLines("write SCRATCH 1", "write DOORBELL 2", "write ICR 3", "write CAUSE 4", "write COMMAND 0x7")
            .Succeeded();
        Assert.Equal(
        [
            "read Bar0+16 4",
            "write Bar0+16 01000000",
            "write Bar0+20 02000000",
            "write Bar0+28 03000000",
            "write Bar0+24 04000000",
            "read Config+4 2",
            "write Config+4 0700",
        ], Device.Accesses);
    }

    // An access with another width reaches registers that the access by name would have protected.
    [Theory]
    [InlineData("set: bar0+0x18 overlaps CAUSE, which clears the bits that are written as 1", "set bar0+0x18 3 -w 64")]
    [InlineData("clear: bar0+0x1c changes when it is read", "clear bar0+0x1c 3 -w 8")]
    [InlineData("set: bar0+0x16 is write-only", "set bar0+0x16 1 -w 16")]
    [InlineData("set: bar0+0x0a is read-only", "set bar0+0x0a 1 -w 8")]
    public void A_part_of_a_register_is_guarded_as_the_whole(string message, string line)
    {
        RunLines(line).FailedWith(2, message, "write");
        Assert.Empty(Device.Accesses);
    }

    [Fact]
    public void A_write_to_a_part_of_a_register_that_reading_changes_does_not_read_it()
    {
        RunLines("write bar0+0x1c 1 -w 16").Succeeded();
        Assert.Equal(["write Bar0+28 0100"], Device.Accesses);
    }

    [Fact]
    public void Undo_goes_back_further_each_time()
    {
        RunLines("write SCRATCH 1", "write CTRL 2", "write SCRATCH 3", "undo", "undo", "undo").Succeeded();
        Assert.Equal(0x1234_5678u, Get(0x10));
        Assert.Equal(0u, Get(Control));
        Assert.Equal("write Bar0+16 78563412", Device.Accesses[^1]);
    }

    [Theory]
    [InlineData("the write to DOORBELL cannot be undone: it is write-only", "write DOORBELL 1", "undo")]
    [InlineData("the write to ICR cannot be undone: reading changes it", "write ICR 1", "undo")]
    [InlineData("the write to CAUSE cannot be undone: writing 1 clears", "write CAUSE 1", "undo")]
    [InlineData("the write to STATUS cannot be undone: it is read-only", "write STATUS 1", "undo")]
    [InlineData("the write to bar0+0x1c cannot be undone: reading changes it", "write bar0+0x1c 0 -w 16", "undo")]
    [InlineData(
        "the write to bar0+0x18 cannot be undone: part of it is CAUSE: writing 1 clears",
        "write bar0+0x18 0 -w 64",
        "undo")]
    [InlineData("there is nothing to undo", "undo")]
    [InlineData("there is nothing to undo", "write CTRL 1", "reset", "undo")]
    [InlineData("there is nothing to undo", "write CTRL 1", "undo", "undo")]
    public void Undo_says_why_it_cannot(string message, params string[] lines) =>
        RunLines(lines).FailedWith(1, $"stdin:{lines.Length}: undo: ", "").FailedWith(1, message, "");

    [Fact]
    public void Set_and_clear_change_one_bit()
    {
        Set(Control, 0x0400_0000);
        Assert.Equal(
            "CTRL: 0x04000000 -> 0x04000001\nCTRL: 0x04000001 -> 0x00000001\n",
            RunLines("set CTRL FD", "clear CTRL 26").Succeeded().Output);
        Assert.Equal(1u, Get(Control));
    }

    [Fact]
    public void Wait_returns_when_the_bits_are_there()
    {
        int reads = 0;
        Device.Reading = (_, _) => Set(Status, ++reads < 4 ? 0u : 2u);
        Assert.Equal("STATUS: 0x00000002\n", RunLines("wait STATUS 0x2 0x2 10s").Succeeded().Output);
        Assert.Equal(4, reads);
    }

    [Fact]
    public void A_wait_that_fails_reports_the_last_value_read() =>
        RunLines("read CTRL", "wait STATUS LU 1 20ms", "write CTRL 1").FailedWith(
            1,
            "stdin:2: wait: STATUS is still 0x00080281 after 20 ms: the bits 0x00000002 are 0x00000000, not 0x00000002",
            "TIMEOUT");

    [Fact]
    public void A_script_stops_at_the_first_failure_with_its_line()
    {
        Device.Reading = (_, offset) => FailIf(offset == Status);
        string file = WriteFile("script", "write CTRL 1\n\nread STATUS\nwrite CTRL 2\n");
        Run("shell", "00:14.3", file).FailedWith(1, "script:3: pread on BAR0 of 0000:00:14.3: EIO", "dmesg");
        Assert.Equal(1u, Get(Control));
        Assert.True(Device.IsDisposed);
    }

    [Theory]
    [InlineData("3: 'raed' is not a command of the shell", "did you mean 'read'?", "raed STATUS")]
    [InlineData("3: read: 'STATSU' is neither a place nor a register", "did you mean STATUS", "read STATSU")]
    [InlineData("3: read: an argument is missing", "read PLACE [-w BITS] [-n COUNT]", "read")]
    [InlineData("3: read: 'x' is not expected here", "read PLACE", "read STATUS x")]
    [InlineData("3: read: -w must be 8, 16, 32 or 64", "read PLACE", "read bar0 -w 12")]
    [InlineData("3: read: -n must be a number from 1 to 16777216", "read PLACE", "read bar0 -n 0")]
    [InlineData("3: read: '--json' is not an option of read", "read PLACE", "read bar0 --json")]
    [InlineData("3: read: bar0+0x02 is not aligned", "-w 16", "read bar0+2")]
    [InlineData("3: read: 'x' is not an offset", "read PLACE", "read bar0+x")]
    [InlineData("3: write: 'one' is not a value", "write PLACE VALUE", "write CTRL one")]
    [InlineData("3: write: 0x100000000 does not fit", "-w", "write CTRL 0x100000000")]
    [InlineData(
        "3: set: 'XX' is not a bit number, nor a field of CTRL, which has FD, RST", "set PLACE BIT", "set CTRL XX")]
    [InlineData("3: set: CTRL only has bits 0 to 31", "set PLACE BIT", "set CTRL 32")]
    [InlineData("3: set: CAUSE clears the bits that are written as 1", "write CAUSE VALUE", "set CAUSE LSC")]
    [InlineData("3: clear: STATUS is read-only", "write STATUS", "clear STATUS SPEED")]
    [InlineData("3: wait: '5' is not a time", "TIMEOUT", "wait STATUS 1 1 5")]
    [InlineData("3: wait: '2h' is not a time", "TIMEOUT", "wait STATUS 1 1 2h")]
    [InlineData("3: wait: '9999s' is not a time", "TIMEOUT", "wait STATUS 1 1 9999s")]
    [InlineData("3: wait: 0x2 has bits outside the mask 0x1", "TIMEOUT", "wait STATUS 1 2 1s")]
    [InlineData("3: wait: 0x4 does not fit into the field SPEED", "TIMEOUT", "wait STATUS SPEED 4 1s")]
    [InlineData("3: dump: 'bar0+4' is not a region", "dump REGION", "dump bar0+4")]
    [InlineData("3: reset: 'now' is not expected here", "usage: reset", "reset now")]
    [InlineData("3: record: an argument is missing", "record FILE", "record")]
    [InlineData("3: a double quote is not closed", "spaces", "dump bar0 \"x")]
    public void A_script_with_a_syntax_error_accesses_nothing(string message, string hint, string line)
    {
        RunLines("read STATUS", "write CTRL 1", line, "write CTRL 2").FailedWith(2, "stdin:" + message, hint);
        Assert.Empty(Device.Accesses);
        Assert.False(Device.IsDisposed);
    }

    [Fact]
    public void Dump_prints_or_writes_a_region()
    {
        string file = PathOf("with space.txt");
        string shown = RunLines("dump config").Succeeded().Output;
        Assert.Equal(Run("dump", "00:14.3", "config").Output, shown);
        Assert.Empty(RunLines($"dump config \"{file}\"").Succeeded().Output);
        Assert.Equal(shown, File.ReadAllText(file));
    }

    [Fact]
    public void A_device_that_cannot_be_reset_says_so()
    {
        Device = new FakeBackend { CanReset = false };
        RunLines("reset")
            .FailedWith(1, "stdin:1: reset: the kernel has no method to reset only 0000:00:14.3", "a reset of its bus");
    }

    [Fact]
    public void Json_is_a_recording_on_standard_output() =>
        Approved.Matches(
            "shell-json",
            WithoutTimes(RunScript(["shell", "00:14.3", "--json"], "read STATUS", "write CTRL 1", "dump rom", "reset")
                .Succeeded().Output.Split('\n').Where(line => !line.Contains("\"rom\"", StringComparison.Ordinal)
                    || line.Contains("\"offset\":0,", StringComparison.Ordinal))));

    [Fact]
    public void A_line_without_end_is_refused()
    {
        RunLines("read CTRL", "read " + new string('x', 5000))
            .FailedWith(2, "stdin:2: is longer than 4096 characters", "help");
        RunLines("read CTRL", "read \0").FailedWith(2, "stdin:2: is not text", "help");
    }

    [Fact]
    public void A_script_that_is_missing() =>
        Run("shell", "00:14.3", PathOf("missing"))
            .FailedWith(1, "shell: 'missing' cannot be read: there is no such file", "--help");

    internal static string WithoutTimes(IEnumerable<string> lines) =>
        string.Join('\n', lines.Select(
            line => System.Text.RegularExpressions.Regex.Replace(line, "\"time\":[0-9.eE-]+", "\"time\":0")));

    private Result RunLines(params string[] lines) => RunScript(["shell", "00:14.3"], lines);

    private Result RunScript(string[] arguments, params string[] lines) => Run(
        Tool.Narrow,
        host => host with
        {
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n")),
        },
        arguments);
}
