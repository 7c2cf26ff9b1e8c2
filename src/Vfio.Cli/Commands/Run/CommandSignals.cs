using System.Runtime.InteropServices;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Signals while a command runs: they are the command's. Before it is started they ask to stop; once it runs they are sent on to it, except those of the
/// keyboard that it has had already; while devices are handed back they wait.
/// </summary>
internal sealed class CommandSignals : IDisposable
{
    private const int SIGINT = 2;
    private const int SIGQUIT = 3;

    // SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM: what people and service managers send. Numbers are asm-generic's.
    private static readonly int[] Numbers = [1, SIGINT, SIGQUIT, 10, 12, 15];

    private readonly Func<bool> _isKeyboards;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly CancellationTokenSource _asked = new();
    private readonly Lock _lock = new();
    private HostProcess? _command;
    private int _first;

    /// <param name="isKeyboards">Whether a signal that the keyboard can send comes from there.</param>
    public CommandSignals(Func<bool> isKeyboards)
    {
        _isKeyboards = isKeyboards;
        _registrations = Array.ConvertAll(Numbers, number => PosixSignalRegistration.Create((PosixSignal)number, context =>
        {
            context.Cancel = true;
            Receive(number);
        }));
    }

    /// <summary>Cancelled by a signal before the command is started.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>The exit code that the signal stands for.</summary>
    public int Code => ExitCode.Signal + _first;

    /// <summary>From now on signals are the command's; one that has come is sent on at once.</summary>
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

    /// <summary>What happens when a signal comes.</summary>
    /// <param name="number">Its number.</param>
    public void Receive(int number)
    {
        lock (_lock)
        {
            if (_command is not null)
            {
                // The terminal sends these to its whole foreground job, the command with it.
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
            // A signal that was on its way comes after its registration has ended.
        }
    }
}
