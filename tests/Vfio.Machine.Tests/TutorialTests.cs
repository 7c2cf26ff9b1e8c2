using System.Text;
using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>
/// Runs every command of docs/tutorial.md, in order, and compares its output with what the tutorial shows. <c>#</c> is
/// root's prompt, <c>$</c> an ordinary user's, and <c>&gt;</c> continues the previous line; <c>…</c> in the tutorial
/// stands for text that differs between runs.
/// </summary>
public sealed partial class TutorialTests : HostTest
{
    private const string WaitUntilOpen =
        "for i in $(seq 180); do ls -l /proc/[0-9]*/fd 2> /dev/null | grep -q ' /dev/vfio/devices/' && "
        + "break; sleep 1; done";

    private static readonly string Path = Environment.GetEnvironmentVariable("VFIO_TUTORIAL")
        ?? throw new InvalidOperationException(
            "VFIO_TUTORIAL is not set: these tests are started by test.sh, inside the machine");

    [Fact]
    public void Every_command_prints_what_the_tutorial_shows()
    {
        string folder = Directory.CreateTempSubdirectory("tutorial-").FullName;
        Machine.Do($"chmod 777 {folder}");
        // As on a machine that has just started: the first change of a bind is loading the module.
        Machine.Do("modprobe -r vfio-pci");
        string[] lines = File.ReadAllLines(Path);
        List<Step> steps = [.. Read(lines)];
        Assert.True(steps.Count >= 20, $"only {steps.Count} commands were found in the tutorial");
        // From the bind to the release, the only thing that root does is to unplug the cable.
        Assert.All(
            steps.SkipWhile(step => !step.Command.StartsWith("vfio bind --user", StringComparison.Ordinal))
                .Skip(1)
                .TakeWhile(step => !step.Command.StartsWith("vfio release", StringComparison.Ordinal)),
            step => Assert.True(
                !step.IsRoot || !step.Command.Contains("vfio", StringComparison.Ordinal), step.Command));
        StringBuilder differences = new();
        StringBuilder received = new();
        int copied = 0;
        foreach (Step step in steps)
        {
            string actual = Run(step, folder);
            bool isSame = Matches(step.Expected, actual);
            received.AppendJoin('\n', lines[copied..step.FirstOutput])
                .Append('\n')
                .Append(isSame ? step.Expected : actual);
            copied = step.FirstOutput + step.Expected.AsSpan().Count('\n');
            if (!isSame)
            {
                differences.Append($"line {step.Line}: {step.Command}\n--- the tutorial shows\n"
                    + $"{step.Expected}--- it prints\n{actual}");
            }
        }

        // With "run --results DIR", the corrected tutorial is left there for review.
        if (Environment.GetEnvironmentVariable("MACHINE_RESULTS") is { Length: > 0 } results)
        {
            received.AppendJoin('\n', lines[copied..]).Append('\n');
            File.WriteAllText(System.IO.Path.Combine(results, "tutorial.received.md"), received.ToString());
        }

        Assert.True(differences.Length == 0, differences.ToString());
        AssertHostUntouched();
    }

    [Theory]
    [InlineData("0x1\n", "0x1\n", true)]
    [InlineData("0x1\n", "0x2\n", false)]
    [InlineData("since …, by root\n", "since 20:27, by root\n", true)]
    [InlineData("since …, by root\n", "since 20:27, by alice\n", false)]
    [InlineData("one\n", "one\ntwo\n", false)]
    [InlineData("a…\n", "a\nb\n", false)]
    [InlineData("", "vfio: failed\n", false)]
    public void Different_outputs_are_found(string expected, string actual, bool areEqual) =>
        Assert.Equal(areEqual, Matches(expected, actual));

    private static bool Matches(string expected, string actual) =>
        expected == actual
        || Regex.IsMatch(actual, $"\\A{Regex.Escape(expected).Replace("…", "[^\\n]*", StringComparison.Ordinal)}\\z");

    private static string Run(Step step, string folder)
    {
        string tools =
            $"{System.IO.Path.GetDirectoryName(Machine.Tool)}:{System.IO.Path.GetDirectoryName(Machine.Qmp)}";
        // The five seconds begin when the watch of the next step has opened the device, because a busy host may take
        // longer to start it.
        string command = step.Command.Replace("(sleep 5;", $"({WaitUntilOpen}; sleep 5;", StringComparison.Ordinal);
        // As on a terminal of that width; output to a pipe does not depend on it.
        string columns = IntoPipe().IsMatch(command) ? "" : "COLUMNS=80";
        string script = $"exec 2>&1; cd {folder}; export PATH={tools}:$PATH {columns}\n{command}\n";
        Result result = step.IsRoot ? Machine.Run("bash", "-c", script) : Machine.RunAsUser("bash", "-c", script);
        return result.Output;
    }

    // Commands and outputs of the blocks marked as console.
    private static IEnumerable<Step> Read(string[] lines)
    {
        Step? step = null;
        bool isInside = false;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            bool isPrompt = isInside && Prompt().IsMatch(line);
            if (step is not null && (isPrompt || line == "```"))
            {
                yield return step;
                step = null;
            }

            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isInside = line == "```console";
            }
            else if (isPrompt)
            {
                step = new Step(i + 1, line[0] == '#', line[2..], "", i + 1);
            }
            else if (step is not null)
            {
                step = step.Expected.Length == 0 && line.StartsWith("> ", StringComparison.Ordinal)
                    ? step with { Command = $"{step.Command}\n{line[2..]}", FirstOutput = i + 1 }
                    : step with { Expected = $"{step.Expected}{line}\n" };
            }
        }
    }

    [GeneratedRegex("^vfio [^|]*\\|")]
    private static partial Regex IntoPipe();

    [GeneratedRegex("^[#$] ")]
    private static partial Regex Prompt();

    private sealed record Step(int Line, bool IsRoot, string Command, string Expected, int FirstOutput);
}
