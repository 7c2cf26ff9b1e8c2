using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class DumpTests : RegisterCommandTest
{
    [Fact]
    public void A_region_is_rows_with_a_header_and_an_end() =>
        Approved.Matches("dump-bar0", RunForEveryReader(() => { }, "dump", "00:14.3", "bar0"));

    [Fact]
    public void Configuration_space_has_every_row_as_lspci_wants_it()
    {
        string[] lines = Run("dump", "00:14.3", "config").Succeeded().Output.Split('\n');
        Assert.StartsWith("0000:00:14.3 8086:10d3 ", lines[0], StringComparison.Ordinal);
        Assert.Equal("00: 86 80 d3 10 06 00 00 00 00 00 00 00 00 00 00 00", lines[2]);
        Assert.Equal("f0:" + string.Concat(Enumerable.Repeat(" 00", 16)), lines[17]);
        Assert.Equal(["# end", ""], lines[18..]);
    }

    [Fact]
    public void Registers_that_reading_changes_are_left_out_and_named()
    {
        Result result = Run("dump", "00:14.3", "bar0");
        Assert.Contains(
            "\n10: 78 56 34 12 -- -- -- -- 00 00 00 00 -- -- -- --\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(
            "vfio: dump: left out 1 register with read side effects: ICR\nvfio: dump: left out 1 register that can "
            + "only be written: DOORBELL\nhint: --all reads them too\n",
            result.Errors);
        Assert.DoesNotContain(
            Device.Accesses,
            access => access.StartsWith("read Bar0+28 ", StringComparison.Ordinal)
                || access.StartsWith("read Bar0+20 ", StringComparison.Ordinal));
    }

    [Fact]
    public void All_reads_everything()
    {
        Assert.DoesNotContain(
            "--", Run("dump", "00:14.3", "bar0", "--all").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("read Bar0+28 4", Device.Accesses);
    }

    [Theory]
    [InlineData(8, 256)]
    [InlineData(16, 128)]
    [InlineData(64, 32)]
    public void The_width_is_that_of_each_access(int bits, int count)
    {
        string output = Run("dump", "00:14.3", "config", "-w", $"{bits}").Succeeded().Output;
        Assert.Equal(count, Device.Accesses.Count);
        Assert.All(Device.Accesses, access => Assert.EndsWith($" {bits / 8}", access, StringComparison.Ordinal));
        Assert.Contains($"width={bits} ", output, StringComparison.Ordinal);
        Assert.Contains("\n00: 86 80 d3 10 06 ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_region_of_an_odd_length_ends_with_bytes()
    {
        Device.Add(RegionIndex.Bar3, [1, 2, 3, 4, 5, 6, 7]);
        Assert.Contains(
            "\n00: 01 02 03 04 05 06 07\n# end\n",
            Run("dump", "00:14.3", "bar3").Succeeded().Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_whole_and_replaces_one_of_its_name()
    {
        string file = WriteFile("dump.txt", "old");
        Assert.Empty(Run("dump", "00:14.3", "config", "-o", file).Succeeded().Output);
        Assert.Equal(Run("dump", "00:14.3", "config").Output, File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(PathOf("")));
    }

    [Fact]
    public void A_dump_that_fails_leaves_what_was_there()
    {
        string file = WriteFile("dump.txt", "old");
        Device.Reading = (_, offset) => FailIf(offset >= 0x80);
        Run("dump", "00:14.3", "bar0", "-o", file).FailedWith(1, "EIO", "");
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(PathOf("")));
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void A_dump_that_is_stopped_leaves_what_was_there()
    {
        using CancellationTokenSource stop = new();
        Device.Reading = (_, _) => stop.Cancel();
        Result result = Run(
            Tool.Narrow, host => host with { Stop = stop.Token }, "dump", "00:14.3", "bar0", "-o", PathOf("dump.txt"));
        Assert.Equal(130, result.ExitCode);
        Assert.Empty(Directory.GetFiles(PathOf("")));
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void Nothing_but_a_regular_file_is_replaced()
    {
        string target = WriteFile("target", "kept");
        File.CreateSymbolicLink(PathOf("link"), target);
        Run("dump", "00:14.3", "bar0", "-o", PathOf("link")).FailedWith(1, "is a link", "another file");
        Assert.Equal("kept", File.ReadAllText(target));
        Run("dump", "00:14.3", "bar0", "-o", PathOf("")).FailedWith(1, "is a folder", "another file");
        Run("dump", "00:14.3", "bar0", "-o", "/dev/null")
            .FailedWith(1, "'/dev/null' is not a regular file", "another file");
        Run("dump", "00:14.3", "bar0", "-o", PathOf("no/such/folder"))
            .FailedWith(1, "its folder does not exist", "a folder that exists");
        Run("dump", "00:14.3", "bar0", "-o", "").FailedWith(2, "not a file name", "");
        Assert.True(File.Exists("/dev/null"));
    }

    [Fact]
    public void Json_has_the_documented_fields()
    {
        Device.Add(RegionIndex.Bar0, Bytes[..0x20]);
        Result result = Run("dump", "--json", "00:14.3", "bar0");
        Approved.Matches("dump-json", result.Output);
        Assert.Equal("left", result.Errors.Split(' ')[2]);
    }

    [Theory]
    [InlineData(2, "'bar0+4' is not a region", "vfio dump --help", "bar0+4")]
    [InlineData(2, "'soup' is not a region", "vfio dump --help", "soup")]
    [InlineData(1, "BAR1 of 0000:00:14.3: the device does not implement it", "it has BAR0", "bar1")]
    public void A_text_that_is_not_a_region_is_wrong_usage(int code, string message, string hint, string region) =>
        Assert.Empty(Run("dump", "00:14.3", region).FailedWith(code, message, hint).Output);

    [Fact]
    public void Progress_is_shown_on_a_terminal_and_erased()
    {
        Device.Add(RegionIndex.Bar2, new byte[64 * 1024]);
        HurriedClock clock = new();
        Result result = Run(
            Tool.Narrow,
            host => host with { ShowsProgress = true, Clock = clock },
            "dump",
            "00:14.3",
            "bar2",
            "-o",
            PathOf("dump.txt"));
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("\rdump: 19 of 64 KiB, 31 %", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("\r\e[K", result.Errors, StringComparison.Ordinal);
    }

    // Each reading of the clock advances it by a second.
    private sealed class HurriedClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => 4;

        public override long GetTimestamp() => _ticks++;
    }
}
