using System.Runtime.InteropServices;
using System.Text;

namespace Vfio.Host;

/// <summary>
/// The other side of <see cref="BindOptions.Helper"/>: the loop of a child process that reads and writes kernel attributes for the
/// process that started it. A write to <c>unbind</c> may block in the kernel for as long as some program holds the device, and nothing ends
/// the process that made it.
/// </summary>
/// <remarks>
/// A program that binds devices calls <see cref="Run"/> when it is started with an argument of its choice, and names itself with that
/// argument in <see cref="BindOptions.Helper"/>. Without a helper, <c>/bin/sh</c> does the work, which does not know the errno of a write that failed.
/// </remarks>
public static class BindingHelper
{
    /// <summary>Does what is asked for until there are no more requests. Ignores SIGHUP, SIGINT, SIGQUIT and SIGTERM.</summary>
    /// <param name="input">Standard input, from which the requests come.</param>
    /// <param name="output">Standard output, to which the answers go.</param>
    /// <exception cref="IOException">The process that asks has ended.</exception>
    public static void Run(Stream input, Stream output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        PosixSignal[] signals = [PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM];
        PosixSignalRegistration[] ignored = Array.ConvertAll(signals, signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true));
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
