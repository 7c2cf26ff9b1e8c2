using System.Runtime.InteropServices;

namespace Vfio.Cli;

/// <summary>
/// Represents the keyboard of this process's terminal, whose settings are restored however the process ends.
/// </summary>
internal sealed class ConsoleKeyboard : IKeyboard
{
    private PosixSignalRegistration[] _registrations = [];

    private ConsoleKeyboard()
    {
    }

    public bool IsPlain { get; } = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>Returns the keyboard, if standard input and standard output are both a terminal.</summary>
    public static IKeyboard? Find() =>
        Console.IsInputRedirected || Console.IsOutputRedirected ? null : new ConsoleKeyboard();

    public void Begin()
    {
        Console.TreatControlCAsInput = true;
        _registrations = [EndAt(PosixSignal.SIGHUP, 1), EndAt(PosixSignal.SIGQUIT, 3), EndAt(PosixSignal.SIGTERM, 15)];
    }

    public void End()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        Console.TreatControlCAsInput = false;
    }

    public ConsoleKeyInfo Next() => Console.ReadKey(intercept: true);

    // If a signal ended the process by default, the terminal would stay without echo; Exit restores it. Nothing can
    // interrupt the wait for a key. The kernel closes the device, and a recording is complete after each line.
    private static PosixSignalRegistration EndAt(PosixSignal signal, int number) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            Environment.Exit(ExitCode.Signal + number);
        });
}
