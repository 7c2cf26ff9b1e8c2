using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Turns an error into <c>vfio: what failed: why</c>, a line <c>hint: …</c>, and an exit code.</summary>
internal static class ErrorReport
{
    private const string ReportIt = "this is a bug in vfio, please report it; VFIO_DEBUG=1 shows where it occurred";

    private const int EPIPE = 32;
    private const int SIGPIPE = 13;

    /// <summary>Writes an error and its hint.</summary>
    public static void Write(CliHost host, string message, string hint)
    {
        host.Tell($"vfio: {Printable.Clean(message)}");
        host.Tell($"hint: {Printable.Clean(hint)}");
    }

    /// <summary>Writes the message of an exception.</summary>
    /// <param name="host">The host, which has the output.</param>
    /// <param name="exception">The exception.</param>
    /// <param name="where">The text before the message: <c>script:3: </c>.</param>
    /// <returns>The exit code for the exception.</returns>
    public static int Write(CliHost host, Exception exception, string where = "")
    {
        int code = Describe(host, exception, where);
        if (host.Debug)
        {
            host.Tell(exception.ToString());
        }

        return code;
    }

    /// <summary>Returns whether the reader of the output has closed its end.</summary>
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
                // The reader has closed the pipe; the exit code is the one that SIGPIPE gives other programs.
                return ExitCode.Signal + SIGPIPE;
            // The library turns its own I/O errors into VfioException. The rest mostly concerns the output itself, such
            // as a full disk.
            case IOException or UnauthorizedAccessException:
                Write(
                    host,
                    $"{where}input or output failed: {exception.Message}",
                    "check that the output can be written and that its disk is not full");
                return ExitCode.Failed;
            default:
                Write(host, $"{where}internal error: {exception.GetType().Name}: {exception.Message}", ReportIt);
                return ExitCode.Failed;
        }
    }
}
