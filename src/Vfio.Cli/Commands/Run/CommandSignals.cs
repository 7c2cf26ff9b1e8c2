using System.Runtime.InteropServices;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Handles signals while a command runs: they are meant for the command. Before it starts, a signal requests to stop.
/// While it runs, signals are forwarded to it, except those of the keyboard, which the terminal has already sent to it.
/// While devices are released, signals are ignored.
/// </summary>
internal sealed class CommandSignals : IDisposable
{
    private const int SIGINT = 2;
    private const int SIGQUIT = 3;

    // The signals that people and service managers send: SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM. The
    // numbers are those of asm-generic.
    private static readonly int[] Numbers = [1, SIGINT, SIGQUIT, 10, 12, 15];

    private readonly Func<bool> _isKeyboards;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly CancellationTokenSource _asked = new();
    private readonly Lock _lock = new();
    private HostProcess? _command;
    private int _first;

    /// <param name="isKeyboards">Returns whether a signal that the keyboard can send comes from there.</param>
    public CommandSignals(Func<bool> isKeyboards)
    {
        _isKeyboards = isKeyboards;
        _registrations = Array.ConvertAll(
            Numbers, number => PosixSignalRegistration.Create((PosixSignal)number, context =>
            {
                context.Cancel = true;
                Receive(number);
            }));
    }

    /// <summary>Gets a token that a signal cancels before the command is started.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>Gets the exit code that stands for the first signal.</summary>
    public int Code => ExitCode.Signal + _first;

    /// <summary>Forwards signals to the command from now on, including one that has already arrived.</summary>
    /// <param name="command">The command; <see langword="null"/> when it has ended.</param>
    public void ForwardTo(HostProcess? command)
    {
        lock (_lock)
        {
            _command = command;
            if (_first != 0)
            {
                _ = command?.Signal(_first);
            }
        }
    }

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        lock (_lock)
        {
            _command = null;
        }

        _asked.Dispose();
    }

    /// <summary>Handles a signal.</summary>
    /// <param name="number">The number of the signal.</param>
    public void Receive(int number)
    {
        lock (_lock)
        {
            if (_command is not null)
            {
                // The terminal sends these to its whole foreground process group, including the command.
                if (number is not (SIGINT or SIGQUIT) || !_isKeyboards())
                {
                    _ = _command.Signal(number);
                }

                return;
            }

            if (_first != 0)
            {
                return;
            }

            _first = number;
        }

        try
        {
            _asked.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // A signal can still be delivered after its registration was disposed of.
        }
    }
}
