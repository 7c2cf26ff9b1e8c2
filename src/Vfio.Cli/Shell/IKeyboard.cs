namespace Vfio.Cli;

/// <summary>Represents the keyboard of a user.</summary>
internal interface IKeyboard
{
    /// <summary>
    /// Gets whether the terminal does not support cursor movement; lines are then edited by the kernel.
    /// </summary>
    bool IsPlain { get; }

    /// <summary>Makes Ctrl-C a key instead of a signal.</summary>
    void Begin();

    /// <summary>Makes Ctrl-C a signal again.</summary>
    void End();

    /// <summary>Waits for a key.</summary>
    /// <returns>The key; <see langword="default"/> if the terminal no longer exists.</returns>
    ConsoleKeyInfo Next();
}
