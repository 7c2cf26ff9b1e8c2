namespace Vfio.Cli.Tests;

public sealed class ReplayTests : RegisterCommandTest
{
    private const string Header =
        """{"format":"vfio-recording","version":1,"address":"0000:00:14.3","vendorId":"8086","deviceId":"10d3",""" +
        "\"startedAt\":\"2026-11-22T20:27:01Z\"}";

    [Fact]
    public void A_recording_has_one_line_per_access()
    {
        string file = Record(
            "read STATUS", "write CTRL 1", "wait STATUS FD 1 1s", "set config+4 0 -w 16", "read bar0+0x40 -w 8",
            "reset", "record off", "read CAP");
        Approved.Matches("recording", ShellTests.WithoutTimes(File.ReadAllText(file).Split('\n')));
    }

    [Fact]
    public void Replay_on_the_same_device_finds_it_the_same()
    {
        string file = Record("read STATUS", "write SCRATCH 1", "read SCRATCH", "undo", "wait STATUS FD 1 1s", "reset");
        string[] recorded = [.. Device.Accesses];
        Device.Accesses.Clear();
        Device.Reset();
        Device.Accesses.Clear();
        Assert.Equal("7 accesses made, 3 reads as recorded\n", Run("replay", file, "00:14.3").Succeeded().Output);
        Assert.Equal(recorded, Device.Accesses);
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void The_first_read_that_differs_ends_it()
    {
        string file = Record("read CTRL", "read STATUS", "write CTRL 1");
        Device.Reset();
        Device.Accesses.Clear();
        Set(Status, 0x80003);
        Run("replay", file, "00:14.3").FailedWith(
            1,
            "replay: session:3: STATUS (bar0+0x08) reads 0x00080003 instead of the recorded 0x00080281: LU=0->1, "
            + "SPEED=1000 Mb/s->10 Mb/s, LAN_ID=0x2->0x0",
            "the replay stopped there");
        Assert.Equal(["read Bar0+0 4", "read Bar0+8 4"], Device.Accesses);
    }

    [Fact]
    public void A_wait_waits_again()
    {
        string file = Record("wait STATUS FD 1 1s");
        int reads = 0;
        Device.Reading = (_, _) => Set(Status, ++reads < 3 ? 0u : 1u);
        Run("replay", file, "00:14.3").Succeeded();
        Assert.Equal(3, reads);
    }

    [Fact]
    public void A_wait_that_fails_ends_it()
    {
        string file = Record("wait STATUS FD 1 30ms");
        Set(Status, 0);
        Run("replay", file, "00:14.3").FailedWith(
            1,
            "session:2: STATUS is still 0x00000000 after 0.03 s; expected 0x00000001 in the bits 0x00000001",
            "in time");
    }

    [Fact]
    public void Json_has_the_documented_fields()
    {
        string file = Record("read STATUS");
        string same = Run("replay", "--json", file, "00:14.3").Succeeded().Output;
        Set(Status, 0);
        Result other = Run("replay", "--json", file, "00:14.3");
        Assert.Equal(1, other.ExitCode);
        Approved.Matches("replay-json", same + other.Output);
    }

    [Fact]
    public void A_recording_of_another_device_is_refused_unless_forced()
    {
        string file = WriteFile(
            "session", Header.Replace("10d3", "10d4", StringComparison.Ordinal) + "\n" + Read(8, 0x80281));
        Run("replay", file, "00:14.3")
            .FailedWith(2, "the recording is of a device 8086:10d4, 0000:00:14.3 is 8086:10d3", "--force");
        Assert.Empty(Device.Accesses);
        Run("replay", "--force", file, "00:14.3").Succeeded();
    }

    [Theory]
    [InlineData(1, "is empty", "")]
    [InlineData(1, "is not a JSON object", "hello")]
    [InlineData(1, "is not a JSON object", "[1]")]
    [InlineData(1, "is not the first line of a recording", "{}")]
    [InlineData(1, "the version of the format is not 1", """{"format":"vfio-recording","version":2}""")]
    [InlineData(
        1,
        "'vendorId' is not four hexadecimal digits",
        """{"format":"vfio-recording","version":1,"vendorId":"zzzz"}""")]
    [InlineData(3, "'operation' is not read, write, wait or reset", "H", "G", "{}")]
    [InlineData(3, "is not a JSON object", "H", "G", "{\"operation\":\"re")]
    [InlineData(
        3,
        "'width' is not 8, 16, 32 or 64",
        "H",
        "G",
        """{"operation":"read","region":"bar0","offset":0,"width":12,"value":"0x0"}""")]
    [InlineData(
        3,
        "'region' is not one of",
        "H",
        "G",
        """{"operation":"read","region":"bar7","offset":0,"width":32,"value":"0x0"}""")]
    [InlineData(
        3,
        "'offset' is not a multiple of 4",
        "H",
        "G",
        """{"operation":"read","region":"bar0","offset":2,"width":32,"value":"0x0"}""")]
    [InlineData(
        3,
        "'offset' is not a whole number",
        "H",
        "G",
        """{"operation":"read","region":"bar0","offset":-4,"width":32,"value":"0x0"}""")]
    [InlineData(
        3,
        "'value' is not a string with a number of 8 bits",
        "H",
        "G",
        """{"operation":"read","region":"bar0","offset":0,"width":8,"value":"0x100"}""")]
    [InlineData(
        3,
        "'timeout' is not a number of seconds",
        "H",
        "G",
        """{"operation":"wait","region":"bar0","offset":0,"width":8,"value":"0x1","mask":"0x1","wanted":"0x1",""" +
        "\"timeout\":1e9}")]
    [InlineData(3, "is not a JSON object", "H", "G", """{"operation":[[[[[[[[]]]]]]]]}""")]
    [InlineData(3, "is not valid text", "H", "G", """{"operation":"\ud800"}""")]
    [InlineData(
        3,
        "bar0+0x100 is out of range",
        "H",
        "G",
        """{"operation":"write","region":"bar0","offset":256,"width":32,"value":"0x0"}""")]
    [InlineData(
        3,
        "rom of 0000:00:14.3 cannot be written",
        "H",
        "G",
        """{"operation":"write","region":"rom","offset":0,"width":32,"value":"0x0"}""")]
    public void A_file_that_is_not_a_recording_is_refused_before_any_access(
        int line, string message, params string[] lines)
    {
        string text = string.Join(
            '\n', lines.Select(item => item switch { "H" => Header, "G" => Read(0, 0), _ => item }));
        Run("replay", WriteFile("session", text), "00:14.3")
            .FailedWith(1, $"replay: session:{line}: ", "record FILE")
            .FailedWith(1, message, "");
        Assert.Empty(Device.Accesses);
    }

    [Fact]
    public void A_corrupt_file_neither_hangs_nor_crashes_the_tool()
    {
        byte[] whole = File.ReadAllBytes(Record("read STATUS", "write SCRATCH 1", "wait STATUS FD 1 10ms"));
        Random random = new(4711);
        for (int round = 0; round < Soak.Times(100, 500); round++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(PathOf("damaged"), damaged);
            Result result = Run("replay", PathOf("damaged"), "00:14.3");
            Assert.True(
                result.ExitCode is 0 or 1 or 2 && !result.Errors.Contains("internal", StringComparison.Ordinal),
                result.ToString());
        }
    }

    [Fact]
    public void A_recording_replaces_only_regular_files()
    {
        File.CreateSymbolicLink(PathOf("link"), WriteFile("target", "kept"));
        Run("shell", "00:14.3", WriteFile("script", $"read CTRL\nrecord {PathOf("link")}\n"))
            .FailedWith(1, "script:2: record: ", "another file");
        Assert.Equal("kept", File.ReadAllText(PathOf("target")));
        Run("shell", "00:14.3", WriteFile("script", "record off\n"))
            .FailedWith(1, "nothing is being recorded", "record FILE");
    }

    [Fact]
    public void A_recording_is_complete_up_to_an_error()
    {
        string file = PathOf("session");
        Device.Reading = (_, offset) => FailIf(offset == Status);
        Run("shell", "00:14.3", WriteFile("script", $"record {file}\nread CTRL\nread STATUS\n"))
            .FailedWith(1, "EIO", "");
        Assert.Equal(2, File.ReadAllLines(file).Length);
    }

    private static string Read(ulong offset, uint value) =>
        $$"""{"time":0.1,"operation":"read","region":"bar0","offset":{{offset}},"width":32,"value":"0x{{value:x8}}"}""";

    private string Record(params string[] lines)
    {
        string file = PathOf("session");
        Run("shell", "00:14.3", WriteFile("script", string.Join('\n', lines.Prepend($"record {file}")))).Succeeded();
        return file;
    }
}
