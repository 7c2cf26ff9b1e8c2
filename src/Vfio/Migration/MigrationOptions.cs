namespace Vfio;

/// <summary>
/// How <see cref="DeviceMigration.SaveTo"/> and <see cref="DeviceMigration.RestoreFrom"/> go about it. The defaults
/// suit most.
/// </summary>
public sealed record MigrationOptions
{
    /// <summary>
    /// Gets the state that the device is left in after a success. By default, <see cref="MigrationState.Stop"/>, so
    /// that a device whose state has been moved elsewhere, or whose memory and interrupts are not set up yet, does
    /// nothing. May also be <see cref="MigrationState.Running"/> or <see cref="MigrationState.RunningPeerToPeer"/>.
    /// </summary>
    public MigrationState FinalState { get; init; } = MigrationState.Stop;

    /// <summary>
    /// Gets whether a save reads a first part while the device runs, if the device supports it
    /// (<see cref="MigrationCapabilities.PreCopy"/>). It is called after each part that was read, with the amounts that
    /// remain: <see langword="true"/> continues, <see langword="false"/> stops the device and reads the rest. The
    /// kernel recommends <see cref="WhileInitialBytesRemain"/>. <see langword="null"/>, the default, stops the device
    /// immediately.
    /// </summary>
    public Func<PreCopyInfo, bool>? ContinuePreCopy { get; init; }

    /// <summary>Told after each part that was moved, on the thread that moves it.</summary>
    public IProgress<MigrationProgress>? Progress { get; init; }

    /// <summary>For <see cref="ContinuePreCopy"/>: until there is nothing left of the first part.</summary>
    /// <param name="info">What is left.</param>
    /// <returns>Whether there is anything.</returns>
    public static bool WhileInitialBytesRemain(PreCopyInfo info) => info.InitialBytes != 0;
}
