using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>
/// Turns Ctrl-C and SIGTERM into a cancellation, for work that must end cleanly: remove files, close devices.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Lock _lock = new();
    private bool _isDisposed;
    private int _signal;

    /// <param name="others">Another token that can stop the work.</param>
    public Interruption(CancellationToken others)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(others);
        _registrations =
            [Listen(PosixSignal.SIGHUP, 1), Listen(PosixSignal.SIGINT, 2), Listen(PosixSignal.SIGTERM, 15)];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Gets the exit code of work that a signal interrupted.</summary>
    public int Code => ExitCode.Signal + (Volatile.Read(ref _signal) is int signal and not 0 ? signal : 2);

    /// <summary>Gets whether the process should end; Ctrl-C ends only the current operation.</summary>
    public bool EndsProcess => Volatile.Read(ref _signal) is not (0 or 2);

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        lock (_lock)
        {
            _isDisposed = true;
        }

        _source.Dispose();
    }

    private PosixSignalRegistration Listen(PosixSignal signal, int number) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            // Signals are handled on another thread, and one can still be delivered after its registration was disposed
            // of.
            lock (_lock)
            {
                if (_isDisposed)
                {
                    return;
                }

                // A signal that ends the process takes precedence over Ctrl-C, in either order.
                if (_signal is 0 or 2)
                {
                    _signal = number;
                }
            }

            TryCancel();
        });

    // Cancelling runs callbacks of others, so it is done outside the lock; the source may have been disposed of
    // meanwhile.
    private void TryCancel()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work has ended already.
        }
    }
}
