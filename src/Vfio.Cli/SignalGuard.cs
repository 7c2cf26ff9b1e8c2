using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>
/// Holds signals back while devices are bound or released, so that no plan is interrupted halfway. Afterwards the
/// process ends as the signal requested.
/// </summary>
internal sealed class SignalGuard : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private readonly CancellationTokenSource _asked = new();
    private int _signal;

    public SignalGuard() =>
        _registrations =
        [
            Hold(PosixSignal.SIGHUP, 1),
            Hold(PosixSignal.SIGINT, 2),
            Hold(PosixSignal.SIGQUIT, 3),
            Hold(PosixSignal.SIGTERM, 15),
        ];

    /// <summary>
    /// Gets a token that the first signal cancels, for operations that may stop without interrupting a plan, such as
    /// waiting.
    /// </summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>Returns the exit code of the first signal, or of the work if there was no signal.</summary>
    /// <param name="code">The exit code of the work.</param>
    public int ExitCodeOr(int code) =>
        Volatile.Read(ref _signal) is int signal and not 0 ? ExitCode.Signal + signal : code;

    /// <summary>Runs the work. If it fails after a signal, the exit code is that of the signal.</summary>
    public int Run(CliHost host, Func<int> work)
    {
        try
        {
            return ExitCodeOr(work());
        }
        catch (VfioException e) when (Volatile.Read(ref _signal) != 0)
        {
            return ExitCodeOr(ErrorReport.Write(host, e));
        }
    }

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _asked.Dispose();
    }

    private PosixSignalRegistration Hold(PosixSignal signal, int number) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            if (Interlocked.CompareExchange(ref _signal, number, 0) == 0)
            {
                TryAsk();
            }
        });

    // A signal can still be delivered after its registration was disposed of.
    private void TryAsk()
    {
        try
        {
            _asked.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work has ended already.
        }
    }
}
