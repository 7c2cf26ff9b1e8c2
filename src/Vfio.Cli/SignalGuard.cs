using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>
/// Holds signals back while devices change hands, so that no plan is cut in half; afterwards the process ends as the signal
/// wanted.
/// </summary>
internal sealed class SignalGuard : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private int _signal;

    public SignalGuard() =>
        _registrations =
        [
            Hold(PosixSignal.SIGHUP, 1),
            Hold(PosixSignal.SIGINT, 2),
            Hold(PosixSignal.SIGQUIT, 3),
            Hold(PosixSignal.SIGTERM, 15),
        ];

    /// <summary>The exit code: that of the work, or the first signal's where one came.</summary>
    /// <param name="code">The work's.</param>
    public int ExitCodeOr(int code) => Volatile.Read(ref _signal) is int signal and not 0 ? ExitCode.Signal + signal : code;

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private PosixSignalRegistration Hold(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _ = Interlocked.CompareExchange(ref _signal, number, 0);
    });
}
