using System.Runtime.InteropServices;
using System.Text;

namespace Vfio.Host;

/// <summary>
/// The child's side of <see cref="BindOptions.Helper"/>: the loop of a child process that reads and writes kernel
/// attributes for its parent process. A write to <c>unbind</c> may block in the kernel for as long as a program holds
/// the device, and a process that is blocked there cannot be killed.
/// </summary>
/// <remarks>
/// A program that binds devices calls <see cref="Run"/> when it is started with an argument of its choice, and passes
/// its own path and that argument as <see cref="BindOptions.Helper"/>. Without a helper, <c>/bin/sh</c> does the work,
/// which does not report the errno of a write that failed.
/// </remarks>
public static class BindingHelper
{
    /// <summary>Serves requests until the input ends. Ignores SIGHUP, SIGINT, SIGQUIT and SIGTERM.</summary>
    /// <param name="input">Standard input, from which the requests come.</param>
    /// <param name="output">Standard output, to which the answers go.</param>
    /// <exception cref="IOException">The parent process has ended.</exception>
    public static void Run(Stream input, Stream output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        PosixSignal[] signals = [PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM];
        PosixSignalRegistration[] ignored = Array.ConvertAll(
            signals, signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true));
        AttributeServer.ContinueAtParentsEnd();
        try
        {
            using StreamReader reader = new(input, Encoding.UTF8);
            using StreamWriter writer = new(output) { AutoFlush = true, NewLine = "\n" };
            AttributeServer.Serve(reader, writer);
        }
        finally
        {
            Array.ForEach(ignored, registration => registration.Dispose());
        }
    }
}
