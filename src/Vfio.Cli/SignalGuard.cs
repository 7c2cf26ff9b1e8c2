using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>
/// Holds signals back while devices change hands, so that no plan is cut in half; afterwards the process ends as the signal
/// wanted.
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

    /// <summary>Cancelled with the first signal, for what may stop without cutting a plan: waiting.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>The exit code: that of the work, or the first signal's where one came.</summary>
    /// <param name="code">The work's.</param>
    public int ExitCodeOr(int code) => Volatile.Read(ref _signal) is int signal and not 0 ? ExitCode.Signal + signal : code;

    /// <summary>Does the work, and reports what fails after a signal with the signal's exit code.</summary>
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

    private PosixSignalRegistration Hold(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (Interlocked.CompareExchange(ref _signal, number, 0) == 0)
        {
            TryAsk();
        }
    });

    // A signal that was on its way comes after its registration has ended.
    private void TryAsk()
    {
        try
        {
            _asked.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work has ended.
        }
    }
}
