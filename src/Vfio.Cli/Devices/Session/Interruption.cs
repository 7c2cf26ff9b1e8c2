using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>Turns Ctrl-C and SIGTERM into a request to stop, for work that ends cleanly: files removed, devices closed.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Lock _lock = new();
    private bool _isDisposed;
    private int _signal;

    /// <param name="others">Another who may ask to stop.</param>
    public Interruption(CancellationToken others)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(others);
        _registrations = [Listen(PosixSignal.SIGHUP, 1), Listen(PosixSignal.SIGINT, 2), Listen(PosixSignal.SIGTERM, 15)];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>The exit code of work that a signal cut short.</summary>
    public int Code => ExitCode.Signal + (Volatile.Read(ref _signal) is int signal and not 0 ? signal : 2);

    /// <summary>Whether the process is to end; Ctrl-C ends only what it is doing.</summary>
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

    private PosixSignalRegistration Listen(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        // Signals come on a thread of their own, and one that was on its way comes after its registration has ended.
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            // Who asks the process to end means more than Ctrl-C, whichever came first.
            if (_signal is 0 or 2)
            {
                _signal = number;
            }
        }

        TryCancel();
    });

    // Outside the lock, since cancelling runs what others registered; so it may have been disposed meanwhile.
    private void TryCancel()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work has ended: there is nothing to stop.
        }
    }
}
