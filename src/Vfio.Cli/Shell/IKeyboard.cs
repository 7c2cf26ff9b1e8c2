namespace Vfio.Cli;

/// <summary>A person's keys.</summary>
internal interface IKeyboard
{
    /// <summary>Whether the terminal understands no movements: lines are then edited by the kernel.</summary>
    bool IsPlain { get; }

    /// <summary>From here on Ctrl-C is a key, and no signal.</summary>
    void Begin();

    /// <summary>Ctrl-C is a signal again.</summary>
    void End();

    /// <summary>Waits for a key.</summary>
    /// <returns>The key; <see langword="default"/> where the terminal is gone.</returns>
    ConsoleKeyInfo Next();
}

/// <summary>The keyboard of this process's terminal. The runtime puts the terminal back as it was, however the process ends.</summary>
internal sealed class ConsoleKeyboard : IKeyboard
{
    private ConsoleKeyboard()
    {
    }

    public bool IsPlain { get; } = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>The keyboard, where both standard input and standard output are a terminal.</summary>
    public static IKeyboard? Find() => Console.IsInputRedirected || Console.IsOutputRedirected ? null : new ConsoleKeyboard();

    public void Begin() => Console.TreatControlCAsInput = true;

    public void End() => Console.TreatControlCAsInput = false;

    public ConsoleKeyInfo Next() => Console.ReadKey(intercept: true);
}
