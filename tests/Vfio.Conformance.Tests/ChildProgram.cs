using System.Diagnostics;
using System.Globalization;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Runs the program tests/Vfio.Conformance.Child in its own process, as another user or to be killed. It exits with 0
/// only if everything held, and reports what it did.
/// </summary>
internal sealed class ChildProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private ChildProgram(params string[] command)
    {
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = "/tmp";
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    private static string FilePath => Environment.GetEnvironmentVariable("VFIO_CHILD")
        ?? throw new InvalidOperationException("VFIO_CHILD is not set: test.sh starts these tests, inside the machine");

    /// <summary>Runs it as root.</summary>
    public static ChildProgram Start(string verb, string address, VfioBackend backend = VfioBackend.Automatic) =>
        new(FilePath, verb, address, $"{backend}");

    /// <summary>Runs it as a user other than root, with a limit of locked memory.</summary>
    public static ChildProgram StartAs(
        string user,
        string group,
        int limitMiB,
        string verb,
        string address,
        VfioBackend backend = VfioBackend.Automatic)
    {
        string limit = (limitMiB * 1024 * 1024).ToString(CultureInfo.InvariantCulture);
        return new(
            "setpriv", $"--reuid={user}", $"--regid={group}", "--clear-groups", "--",
            "prlimit", $"--memlock={limit}:{limit}", FilePath, verb, address, $"{backend}");
    }

    /// <summary>Waits for its end and checks its report.</summary>
    public void Finish(string report)
    {
        using CancellationTokenSource limit = new(Patience);
        Task<string> output = _process.StandardOutput.ReadToEndAsync(limit.Token);
        Assert.True(_process.WaitForExit(Patience), $"the child has not ended after {Patience}");
        Assert.True(_process.ExitCode == 0, $"exit code {_process.ExitCode}: {output.Result}{_errors.Result}");
        Assert.Equal(report, output.Result.TrimEnd('\n'));
    }

    /// <summary>Waits for a line of its report, then kills it.</summary>
    public void KillAfter(string line)
    {
        using CancellationTokenSource limit = new(Patience);
        string? found = _process.StandardOutput.ReadLineAsync(limit.Token).AsTask().GetAwaiter().GetResult();
        Assert.True(found == line, $"the child says '{found}', not '{line}': {(found is null ? _errors.Result : "")}");
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
