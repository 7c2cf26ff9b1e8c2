using System.ComponentModel;
using System.Diagnostics;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Runs a command while a guardian holds the devices: the side of <c>vfio run</c> that has the caller's rights,
/// terminal and signals.
/// </summary>
internal static class Supervisor
{
    private const int ENOENT = 2;

    /// <summary>Runs a command and waits for its end.</summary>
    /// <param name="host">The host.</param>
    /// <param name="words">The command and its arguments.</param>
    /// <param name="names">The devices, as the command finds them in VFIO_DEVICES.</param>
    /// <param name="order">The devices to bind; <see langword="null"/> if none has to be bound.</param>
    /// <returns>The exit code of the command, or the one that tells why the command did not run.</returns>
    public static int Run(CliHost host, IReadOnlyList<string> words, IReadOnlyList<string> names, GuardianOrder? order)
    {
        Caller caller = Caller.Of(host);
        int found = ProgramFile.Find(host, words[0], out string program);
        if (found != ExitCode.Done)
        {
            return CannotStart(host, words[0], found, found == ExitCode.NotFound
                ? "there is no such program"
                : "it is not a program, or you may not execute it");
        }

        using CommandSignals signals = new(host.IsForegroundJob);
        using IGuardian? guardian = order is null ? null : host.StartGuardian(host, order);
        IReadOnlyList<string>? taken = guardian is null ? [] : guardian.Take(signals.Asked);
        if (taken is null || signals.Asked.IsCancellationRequested)
        {
            _ = guardian?.Release();
            return signals.Asked.IsCancellationRequested ? signals.Code : ExitCode.RunFailed;
        }

        int code = RunCommand(host, program, words, [.. names.Concat(taken).Distinct()], caller, guardian, signals);
        bool isBack = guardian is null || guardian.Release();
        return isBack || code != ExitCode.Done ? code : ExitCode.RunFailed;
    }

    private static int RunCommand(
        CliHost host,
        string program,
        IReadOnlyList<string> words,
        IReadOnlyList<string> devices,
        Caller caller,
        IGuardian? guardian,
        CommandSignals signals)
    {
        ProcessStartInfo start =
            new(program, words.Skip(1)) { Environment = { ["VFIO_DEVICES"] = string.Join(',', devices) } };
        if (caller.User is HostUser user)
        {
            BecomeUser(start, user);
        }

        host.Out.Flush();
        try
        {
            using Process process = Process.Start(start)!;
            using HostProcess? command = HostProcess.Find(process.Id);
            guardian?.Watch(process.Id);
            signals.ForwardTo(command);
            process.WaitForExit();
            signals.ForwardTo(null);
            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            return CannotStart(
                host, words[0], e.NativeErrorCode == ENOENT ? ExitCode.NotFound : ExitCode.CannotExecute, e.Message);
        }
    }

    // Between fork and exec the runtime sets the supplementary groups, the group and the user; if one of these fails,
    // it starts nothing.
    private static void BecomeUser(ProcessStartInfo start, HostUser user)
    {
        start.UserName = user.Name;
        start.Environment["HOME"] = user.Home;
        start.Environment["USER"] = user.Name;
        start.Environment["LOGNAME"] = user.Name;
        foreach (string name in (string[])["SUDO_UID", "SUDO_GID", "SUDO_USER", "SUDO_COMMAND", "PKEXEC_UID"])
        {
            start.Environment.Remove(name);
        }
    }

    private static int CannotStart(CliHost host, string name, int code, string why)
    {
        ErrorReport.Write(
            host, $"run: {name}: {why}", "write the command after --, as in a shell: vfio run DEV -- CMD ARG");
        return code;
    }
}
