using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>Runs the shell on a terminal: reads lines until the input ends, and continues after errors.</summary>
internal sealed class InteractiveShell(CliHost host, RegisterShell shell, ShellParser parser, ILineSource lines)
{
    public int Run(string device)
    {
        // Ctrl-C ends the current operation, never the shell, even if it is typed just before the prompt appears.
        using PosixSignalRegistration held = PosixSignalRegistration.Create(
            PosixSignal.SIGINT, context => context.Cancel = true);
        host.Tell($"{device} is open; help lists the commands, Tab completes, Ctrl-D ends");
        while (lines.Next($"vfio {device}> ") is string line)
        {
            using Interruption interruption = new(host.Stop);
            lines.Accept();
            if (shell.IsAskedBack())
            {
                host.Tell($"vfio: the kernel requests {device}: it is being unplugged or unbound; quit closes it");
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
            // This includes a device that no longer exists: the user may want to look further, undo, or quit.
            _ = ErrorReport.Write(host, e);
            return true;
        }
    }
}
