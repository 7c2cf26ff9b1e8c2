using System.Diagnostics;

namespace Vfio.Cli;

/// <summary>
/// <c>vfio guard</c> in a process of its own, as root. They talk by pipes, a line each time: "taken DEV,DEV" comes from it; "command PID" and
/// "end" go to it, and the end of the pipe tells it that this process is no more.
/// </summary>
internal sealed class GuardianProcess : IGuardian
{
    private readonly CliHost _host;
    private readonly Process _process;
    private readonly string _program;
    private readonly Task _relay;
    private bool _hasTold;

    private GuardianProcess(CliHost host, Process process, string program)
    {
        _host = host;
        _process = process;
        _program = program;
        _relay = Task.Run(Relay);
    }

    public static IGuardian Start(CliHost host, GuardianOrder order)
    {
        string[] line = Elevation.CommandLine(host, order.ToArguments());
        ProcessStartInfo start = new(line[0], line[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return new GuardianProcess(host, Process.Start(start)!, Path.GetFileName(line[0]));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CliException($"run: {line[0]} cannot be started: {e.Message}", "it is what takes the devices, as root");
        }
    }

    public IReadOnlyList<string>? Take(CancellationToken stop)
    {
        using CancellationTokenRegistration end = stop.Register(() => Say(null));
        while (_process.StandardOutput.ReadLine() is string line)
        {
            if (line.StartsWith(Guardian.Taken, StringComparison.Ordinal))
            {
                return line[Guardian.Taken.Length..].Split(',');
            }
        }

        WaitForEnd();
        if (!_hasTold && !stop.IsCancellationRequested)
        {
            ErrorReport.Write(_host, $"run: {_program} ended with {_process.ExitCode}, and no device was taken", "may you become root here? sudo -v asks; sudo -l lists what you may");
        }

        return null;
    }

    public void Watch(int process) => Say($"{Guardian.Command}{process}");

    public bool Release()
    {
        Say(Guardian.End);
        Say(null);
        WaitForEnd();
        return _process.ExitCode == ExitCode.Done;
    }

    public void Dispose()
    {
        Say(null);
        _process.Dispose();
    }

    // Without a text, no more is said.
    private void Say(string? text)
    {
        try
        {
            if (text is null)
            {
                _process.StandardInput.Close();
                return;
            }

            _process.StandardInput.Write($"{text}\n");
            _process.StandardInput.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It has ended: its exit code says how.
        }
    }

    private void WaitForEnd()
    {
        _process.WaitForExit();
        _relay.Wait();
    }

    // Not its own standard error: whoever reads this process's must not wait for a guardian that outlives it.
    private void Relay()
    {
        while (_process.StandardError.ReadLine() is string line)
        {
            _hasTold |= line.StartsWith("vfio: ", StringComparison.Ordinal);
            _host.Tell(Printable.Clean(line));
        }
    }
}
