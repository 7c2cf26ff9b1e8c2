using System.Diagnostics;

namespace Vfio.Cli;

/// <summary>
/// Runs <c>vfio guard</c> as root in its own process. The two communicate through pipes, one line at a time: it sends
/// "taken DEV,DEV", and receives "command PID" and "end". The end of its input tells it that this process has ended.
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
        ProcessStartInfo start = new(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return new GuardianProcess(host, Process.Start(start)!, Path.GetFileName(line[0]));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CliException(
                $"run: {line[0]} cannot be started: {e.Message}", "it is needed to bind the devices as root");
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
            ErrorReport.Write(
                _host,
                $"run: {_program} ended with exit code {_process.ExitCode}, and no device was bound",
                "check that you may become root: sudo -v; sudo -l lists what you may do");
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

    // Closes the pipe if the text is null.
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
            // The guardian has ended; its exit code tells why.
        }
    }

    private void WaitForEnd()
    {
        _process.WaitForExit();
        _relay.Wait();
    }

    // The guardian does not inherit standard error: a program that reads this process's standard error must not have to
    // wait for a guardian that outlives it.
    private void Relay()
    {
        while (_process.StandardError.ReadLine() is string line)
        {
            _hasTold |= line.StartsWith("vfio: ", StringComparison.Ordinal);
            _host.Tell(Printable.Clean(line));
        }
    }
}
