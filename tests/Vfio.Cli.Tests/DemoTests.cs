using System.Text.RegularExpressions;

namespace Vfio.Cli.Tests;

public sealed class DemoTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    private Result Run(Terminal terminal) => Tool.Run(
        _host,
        terminal,
        host => host with { OpenDevice = (_, _) => throw new InvalidOperationException("a device of the host") },
        "demo");

    // The temporary folder has another name in each run.
    private static string Portable(string text) => Regex.Replace(text, "[^ ]*/vfio-demo-[^/]*/", "/tmp/");

    [Fact]
    public void The_story_at_80_columns()
    {
        Result result = Run(Tool.Narrow).Succeeded();
        // Uses the default temporary folder, because a long path would not fit a narrow terminal.
        Approved.Matches("demo", (result with { Output = Portable(result.Output) }).FitsIn(80).Output);
    }

    [Fact]
    public void It_is_the_same_in_a_pipe() =>
        Assert.Equal(Portable(Run(Tool.Narrow).Output), Portable(Run(Terminal.None).Succeeded().Output));

    [Fact]
    public void It_leaves_nothing_behind()
    {
        string output = Run(Tool.Narrow).Succeeded().Output;
        string folder = Regex.Match(output, "record (.*/vfio-demo-[^/]*)/").Groups[1].Value;
        Assert.StartsWith(Path.GetTempPath(), folder, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void Every_step_is_a_command_that_ends_well()
    {
        string output = Run(Tool.Narrow).Succeeded().Output;
        foreach (DemoStep step in DemoStory.Steps("session.jsonl"))
        {
            Assert.Contains($". {step.Title}\n", output, StringComparison.Ordinal);
        }

        Assert.Contains("\nBAR0 first dword: 0x010000ed\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_ends_where_a_command_fails()
    {
        Result result = Tool.Run(
            _host, Tool.Narrow, host => host with { LoadNames = () => throw new IOException("no names") }, "demo");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("$ vfio show emu:edu", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("vfio bind emu:edu", result.Output, StringComparison.Ordinal);
        Assert.Contains("no names", result.Errors, StringComparison.Ordinal);
    }
}
