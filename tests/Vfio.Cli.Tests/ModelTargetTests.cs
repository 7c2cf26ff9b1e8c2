using System.Text;
using System.Text.Json;

namespace Vfio.Cli.Tests;

/// <summary>
/// Every command that accepts a device also accepts a device model, and then touches nothing of the host.
/// </summary>
public sealed class ModelTargetTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();
    private readonly string _folder = Directory.CreateTempSubdirectory("vfio-model-tests-").FullName;

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private Result Run(params string[] arguments) => Run("", arguments);

    private Result Run(string input, string[] arguments) => Tool.Run(
        _host,
        new Terminal(80, HasColour: false) { IsInteractive = true },
        host => host with
        {
            OpenDevice = (_, _) => throw new InvalidOperationException("a device of the host"),
            LoadRegisters = _ => throw new InvalidOperationException("a device of the host"),
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
        },
        arguments);

    [Fact]
    public void Show_says_what_it_is_and_that_it_is_a_model() =>
        Approved.Matches("show-model", Run("show", "emu:edu").Succeeded().FitsIn(80).Output);

    [Fact]
    public void Show_in_json_has_the_fields_of_every_device()
    {
        JsonElement model = Run("show", "emu:edu", "--json").Succeeded().Json;
        Assert.True(model.GetProperty("isModel").GetBoolean());
        Assert.Equal("emu:edu", model.GetProperty("address").GetString());
        using FakeHost host = FakeHost.WithDetails();
        JsonElement device = Tool.Run(host, "show", "eth0", "--json").Succeeded().Json;
        Assert.False(device.GetProperty("isModel").GetBoolean());
        Assert.Equal(
            device.EnumerateObject().Select(field => field.Name), model.EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public void Its_configuration_space_is_dumped_as_lspci_does()
    {
        string[] lines = Run("show", "emu:edu", "--config").Succeeded().Output.Split('\n');
        Assert.StartsWith("0000:00:00.0 ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("00: 34 12 e8 11 ", lines[1], StringComparison.Ordinal);
        Assert.Equal(1 + 16 + 2, lines.Length);
    }

    [Theory]
    [InlineData("0x010000ed\n  MAGIC 0xed, MINOR 0, MAJOR 1\n", "read", "emu:edu", "ID")]
    [InlineData("0x010000ed\n", "read", "emu:edu", "bar0+0x0")]
    [InlineData("0x1234\n", "read", "emu:edu", "config", "-w", "16")]
    [InlineData("", "write", "emu:edu", "LIVENESS", "1")]
    [InlineData("emu:edu is a device model inside vfio: it needs no bind and no release\n", "bind", "emu:edu")]
    [InlineData(
        "emu:edu is a device model inside vfio: it needs no bind and no release\n",
        "bind",
        "--dry-run",
        "emu:edu",
        "emu:edu")]
    [InlineData("emu:edu is a device model inside vfio: it needs no bind and no release\n", "release", "emu:edu")]
    [InlineData(
        "emu:edu is a device model inside vfio: it needs no bind and no release\n", "release", "--dry-run", "emu:edu")]
    public void Commands_work_on_a_device_model(string output, params string[] arguments) =>
        Assert.Equal(output, Run(arguments).Succeeded().Output);

    [Theory]
    [InlineData("bind")]
    [InlineData("release")]
    public void A_change_of_no_device_is_empty_json(string command)
    {
        JsonElement json = Run(command, "emu:edu", "--json").Succeeded().Json;
        Assert.Equal(0, json.GetProperty("devices").GetArrayLength());
    }

    [Fact]
    public void Of_a_device_model_and_a_device_of_the_host_only_the_latter_is_bound()
    {
        Result result = Run("bind", "--dry-run", "emu:edu", "00:14.3").Succeeded();
        string[] lines = result.Output.Split('\n');
        Assert.StartsWith("emu:edu is a device model", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines[1..], line => line.Contains("0000:00:14.3", StringComparison.Ordinal));
    }

    [Fact]
    public void A_script_works_with_one_model_from_beginning_to_end()
    {
        const string Script =
            "write LIVENESS 0x12345678\nread LIVENESS\nwrite FACTORIAL 5\nwait STATUS COMPUTING 0 1s\nread FACTORIAL\n";
        Assert.Equal(
            "LIVENESS: 0xedcba987\nSTATUS: 0x00000000\nFACTORIAL: 0x00000078\n",
            Run(Script, ["shell", "emu:edu"]).Succeeded().Output);
    }

    [Fact]
    public void The_next_command_finds_a_new_one()
    {
        Run("write", "emu:edu", "LIVENESS", "0x12345678").Succeeded();
        Assert.Equal("0x00000000\n", Run("read", "emu:edu", "LIVENESS").Succeeded().Output);
    }

    [Fact]
    public void A_recording_is_replayed_on_a_new_one()
    {
        string file = PathOf("session.jsonl");
        Run($"record {file}\nwrite FACTORIAL 6\nread FACTORIAL\n", ["shell", "emu:edu"]).Succeeded();
        Assert.Equal("2 accesses made, 1 reads as recorded\n", Run("replay", file, "emu:edu").Succeeded().Output);
        File.WriteAllText(file, File.ReadAllText(file).Replace("0x000002d0", "0x000002d1", StringComparison.Ordinal));
        Run("replay", file, "emu:edu").FailedWith(
            1, "FACTORIAL (bar0+0x08) reads 0x000002d0 instead of the recorded 0x000002d1", "the replay stopped there");
        Assert.Equal("emu:edu", Run("replay", "--json", file, "emu:edu").Json.GetProperty("address").GetString());
    }

    [Fact]
    public void A_dump_is_compared_with_a_new_one()
    {
        string file = PathOf("dump.txt");
        Run("dump", "emu:edu", "config", "-o", file).Succeeded();
        Assert.Empty(Run("diff", file, "emu:edu").Succeeded().Output);
        File.WriteAllText(
            file, File.ReadAllText(file).Replace("40: 05 00 80", "40: 05 00 81", StringComparison.Ordinal));
        Result result = Run("diff", file, "emu:edu");
        Assert.Contains("0x0081 -> 0x0080  MSI.Flags\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("+++ emu:edu (config of 1234:11e8", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public void It_can_be_watched()
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Result result = Tool.Run(_host, Tool.Narrow, host => host with { Stop = stop.Token }, "watch", "emu:edu", "ID");
        Assert.EndsWith(" ID 0x010000ed\n", result.Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "read: 'emu:nonsense' is not a device model", "read", "emu:nonsense", "bar0")]
    [InlineData(2, "show: 'emu:' is not a device model", "show", "emu:")]
    [InlineData(2, "bind: 'emu:EDU' is not a device model", "bind", "emu:EDU")]
    [InlineData(2, "diff: 'emu:nonsense' is not a device model", "diff", "emu:nonsense", "emu:edu")]
    public void An_unknown_device_model_is_an_error_that_names_the_known_ones(
        int exitCode, string message, params string[] arguments) =>
        Run(arguments).FailedWith(exitCode, message, "the device models are: emu:edu");

    [Fact]
    public void Missing_features_are_reported_by_name() =>
        Run("read", "emu:edu", "bar5").FailedWith(1, "BAR5 of edu", "it has BAR0, configuration space");

    [Theory]
    [InlineData("emu:edu", "show", "em")]
    [InlineData("emu:edu", "read", "emu:")]
    [InlineData("LIVENESS", "read", "emu:edu", "L")]
    [InlineData("COMMAND", "read", "emu:edu", "CO")]
    [InlineData("bar0,config", "dump", "emu:edu", "")]
    public void Completion_offers_a_device_model(string expected, params string[] words)
    {
        string[] answers = [.. Tool.Run(_host, ["complete", "--", .. words])
            .Succeeded().Output
            .Split('\n')
            .Select(line => line.Split('\t')[0])];
        Assert.All(expected.Split(','), answer => Assert.Contains(answer, answers));
        Assert.DoesNotContain("bar1", answers);
    }
}
