using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>The shell on a terminal: asks for lines until there are no more, and survives what goes wrong.</summary>
internal sealed class InteractiveShell(CliHost host, RegisterShell shell, ShellParser parser, ILineSource lines)
{
    public int Run(string device)
    {
        // Ctrl-C ends what is being done, never the shell: also where it is typed just before the prompt.
        using PosixSignalRegistration held = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        host.Tell($"{device} is open; help lists the commands, Tab completes, Ctrl-D ends");
        while (lines.Next($"vfio {device}> ") is string line)
        {
            using Interruption interruption = new(host.Stop);
            lines.Accept();
            if (shell.IsAskedBack())
            {
                host.Tell($"vfio: the kernel asks for {device} back: it is being unplugged or unbound, and waits until quit");
            }

            bool goesOn = TryRun(line, interruption);
            host.Out.Flush();
            if (interruption.EndsProcess)
            {
                return interruption.Code;
            }

            if (!goesOn)
            {
                break;
            }
        }

        lines.Accept();
        return ExitCode.Done;
    }

    private bool TryRun(string line, Interruption interruption)
    {
        try
        {
            return parser.Parse(line) is not ShellOperation operation || shell.Run(operation, interruption.Token);
        }
        catch (OperationCanceledException)
        {
            host.Tell("vfio: interrupted");
            return true;
        }
        catch (Exception e)
        {
            // Also a device that is gone: the person may want to see what else it says, or undo, or quit.
            _ = ErrorReport.Write(host, e);
            return true;
        }
    }
}
