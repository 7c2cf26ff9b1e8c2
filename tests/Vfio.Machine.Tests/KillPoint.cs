namespace Vfio.Machine.Tests;

/// <summary>
/// Runs the tool under killpoint (killpoint.c), which stops it, and every process that it starts, at the calls that
/// change the host. These calls are counted from 1.
/// </summary>
internal static class KillPoint
{
    private const string List = "/tmp/killpoint.list";

    /// <summary>The exit code of a process that was killed.</summary>
    public const int Killed = 137;

    private static readonly string Program = Environment.GetEnvironmentVariable("VFIO_KILLPOINT")
        ?? throw new InvalidOperationException(
            "VFIO_KILLPOINT is not set: these tests are started by test.sh, inside the machine");

    /// <summary>Runs a command of the tool, which must succeed.</summary>
    /// <returns>Its kill points, in order: the call, what it changes, and the program.</returns>
    public static string[] Record(params string[] command)
    {
        Run(["--record", List], [Machine.Tool, .. command]).Succeeded();
        return File.ReadAllLines(List);
    }

    /// <summary>Runs a command, which must succeed.</summary>
    /// <returns>Its ioctls of VFIO and iommufd, in order: number and file.</returns>
    public static string[] RecordIoctls(params string[] command)
    {
        Run(["--ioctls", "--record", List], command).Succeeded();
        return [.. File.ReadAllLines(List).Select(line => line.Split(' ')).Select(words => $"{words[1]} {words[2]}")];
    }

    /// <summary>Kills the tool and all processes that it has started before a call is made.</summary>
    public static Result Kill(int point, params string[] command) =>
        Run(["--kill", $"{point}"], [Machine.Tool, .. command]);

    /// <summary>Makes a call fail instead of being made.</summary>
    public static Result Fail(int point, string error, params string[] command) =>
        Run(["--fail", $"{point}", error], [Machine.Tool, .. command]);

    /// <summary>Makes an ioctl fail, or with "0" seem to succeed, instead of being made.</summary>
    public static Result FailIoctl(int point, string error, params string[] command) =>
        Run(["--ioctls", "--fail", $"{point}", error], command);

    private static Result Run(string[] options, string[] command) =>
        Machine.Run(Program, [.. options, "--", .. command]);
}
