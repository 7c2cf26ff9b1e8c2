using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Turns what went wrong into <c>vfio: what failed: why</c>, a line <c>hint: …</c>, and an exit code.</summary>
internal static class ErrorReport
{
    private const string ReportIt = "this is a mistake in vfio, please report it; VFIO_DEBUG=1 shows where it happened";

    private const int EPIPE = 32;
    private const int SIGPIPE = 13;

    /// <summary>Writes an error and its hint.</summary>
    public static void Write(CliHost host, string message, string hint)
    {
        host.Tell($"vfio: {Printable.Clean(message)}");
        host.Tell($"hint: {Printable.Clean(hint)}");
    }

    /// <summary>Writes what an exception says.</summary>
    /// <param name="host">Whom to tell.</param>
    /// <param name="exception">What happened.</param>
    /// <param name="where">What stands before the message: <c>script:3: </c>.</param>
    /// <returns>The exit code it stands for.</returns>
    public static int Write(CliHost host, Exception exception, string where = "")
    {
        int code = Describe(host, exception, where);
        if (host.Debug)
        {
            host.Tell(exception.ToString());
        }

        return code;
    }

    /// <summary>Whether whoever read the output has gone away.</summary>
    public static bool IsClosedPipe(Exception exception) => exception is IOException { HResult: EPIPE };

    private static int Describe(CliHost host, Exception exception, string where)
    {
        switch (exception)
        {
            case CliException e:
                Write(host, where + e.Message, e.Hint);
                return e.ExitCode;
            case BindingRefusedException e:
                return PlanReport.WriteRefusals(host, e.Refusals);
            case VfioException e:
                Write(host, where + e.Message, HintText.For(e));
                return ExitCode.Failed;
            case Exception e when IsClosedPipe(e):
                // Whoever read has seen enough: as SIGPIPE ends other programs.
                return ExitCode.Signal + SIGPIPE;
            // The library turns its own into VfioException: what is left is mostly the output itself, on a full disk.
            case IOException or UnauthorizedAccessException:
                Write(host, $"{where}input or output failed: {exception.Message}", "is there room where the output goes, and may it be written?");
                return ExitCode.Failed;
            default:
                Write(host, $"{where}internal error: {exception.GetType().Name}: {exception.Message}", ReportIt);
                return ExitCode.Failed;
        }
    }
}
