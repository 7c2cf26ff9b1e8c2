using System.Diagnostics;
using Vfio.Pci;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Vfio.Machine.Tests;

/// <summary>The machine these tests run in: its devices (docs/machine.md), and programs to run in it.</summary>
internal static class Machine
{
    public const string BootDisplay = "0000:00:01.0";
    public const string Bochs = "0000:00:02.0";
    public const string Edu = "0000:00:03.0";
    public const string TestDevice = "0000:00:04.0";
    public const string Nvme = "0000:00:06.0";
    public const string SecondNvme = "0000:00:07.0";
    public const string VirtioNet = "0000:00:08.0";
    public const string SecondNic = "0000:00:09.0";
    public const string Nic = "0000:00:14.3";
    public const string Igb = "0000:01:00.0";
    public const string Bridge = "0000:00:1c.0";
    public const string GroupedEdu = "0000:03:01.0";
    public const string GroupedNic = "0000:03:02.0";

    public const string User = "user";
    private const int UserId = 1000;

    /// <summary>The time limit for an event on the busiest host; on an idle one, none takes a second.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    public static string Tool { get; } = Program("VFIO_TOOL");

    public static string Sample { get; } = Program("VFIO_SAMPLE");

    public static string CProgram { get; } = Program("VFIO_READBAR0");

    /// <summary>The program that sends commands to QEMU (docs/machine.md).</summary>
    public static string Qmp { get; } = Program("VFIO_QMP");

    /// <summary>Gets whether everything is repeated as often as <c>test.sh --soak</c> requires.</summary>
    public static bool IsSoak { get; } = Environment.GetEnvironmentVariable("VFIO_SOAK") == "1";

    /// <summary>Skips the test if this QEMU does not have the device.</summary>
    public static void Need(string address)
    {
        string lacks = Environment.GetEnvironmentVariable("MACHINE_LACKS") ?? "";
        Assert.SkipWhen(
            address == Igb && lacks.Split(' ').Contains("igb"),
            "this QEMU has no igb; bookworm-backports has one that does");
        Assert.True(Directory.Exists($"/sys/bus/pci/devices/{address}"), $"the machine lacks {address}");
    }

    /// <summary>
    /// Waits for an event. Between two checks, the only processor is left to the program that causes it.
    /// </summary>
    /// <returns>Whether it has happened.</returns>
    public static bool Becomes(Func<bool> condition, TimeSpan? patience = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > (patience ?? Patience))
            {
                return false;
            }

            Thread.Sleep(5);
        }

        return true;
    }

    public static PciDeviceInfo Device(string address) => new PciBus().Get(PciAddress.Parse(address));

    public static string Group(string address) => Device(address).IommuGroup?.ToString() ?? "none";

    public static Result Vfio(params string[] arguments) => Run(Tool, arguments);

    public static Result VfioAsUser(params string[] arguments) => RunAsUser(Tool, arguments);

    public static Result RunAsUser(string program, params string[] arguments) =>
        Run("setpriv", [$"--reuid={UserId}", $"--regid={UserId}", "--clear-groups", "--", program, .. arguments]);

    public static Result Shell(string script) => Run("/bin/sh", "-ec", script);

    /// <summary>Runs a shell script, which must succeed.</summary>
    public static string Do(string script)
    {
        Result result = Shell(script);
        Assert.True(result.ExitCode == 0, $"{script}\n{result}");
        return result.Output;
    }

    public static Result Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!Task.WaitAll([output, errors], Patience) || !process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end");
        }

        return new Result(process.ExitCode, output.Result, errors.Result, string.Join(' ', arguments));
    }

    public static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private static string Program(string variable) =>
        Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException(
            $"{variable} is not set: these tests are started by test.sh, inside the machine");
}

/// <summary>Represents the result of a program.</summary>
internal sealed record Result(int ExitCode, string Output, string Errors, string CommandLine)
{
    /// <summary>Checks that it succeeded and wrote nothing to stderr.</summary>
    public string Succeeded()
    {
        Assert.True(ExitCode == 0, ToString());
        return Output;
    }

    /// <summary>
    /// Checks that it failed as every command of the tool does: with this exit code, nothing on stdout, the lines
    /// "vfio: …" and "hint: …" on stderr, and no stack trace.
    /// </summary>
    public void FailedWith(int exitCode, string message, string hint)
    {
        Assert.True(ExitCode == exitCode, ToString());
        string[] lines = Errors.TrimEnd().Split('\n');
        Assert.True(lines.Length >= 2, ToString());
        Assert.All(lines[..^1], line => Assert.StartsWith("vfio: ", line, StringComparison.Ordinal));
        Assert.StartsWith("hint: ", lines[^1], StringComparison.Ordinal);
        Assert.Contains(message, string.Join('\n', lines[..^1]), StringComparison.Ordinal);
        Assert.Contains(hint, lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Errors, StringComparison.Ordinal);
    }

    /// <summary>Checks that it failed, with any exit code, and reported that.</summary>
    public void Failed(string message)
    {
        Assert.True(ExitCode != 0, ToString());
        Assert.Contains(message, Output + Errors, StringComparison.Ordinal);
    }

    public override string ToString() => $"'{CommandLine}' ended with {ExitCode}\n{Output}{Errors}";
}
