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
