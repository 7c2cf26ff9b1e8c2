namespace Vfio;

/// <summary>
/// Specifies how <see cref="DeviceMigration.SaveTo"/> and <see cref="DeviceMigration.RestoreFrom"/> work. The defaults
/// suit most programs.
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

    /// <summary>Gets an object that is notified after each part, on the thread that transfers it.</summary>
    public IProgress<MigrationProgress>? Progress { get; init; }

    /// <summary>For <see cref="ContinuePreCopy"/>: continues as long as initial bytes remain.</summary>
    /// <param name="info">What remains.</param>
    /// <returns>Whether initial bytes remain.</returns>
    public static bool WhileInitialBytesRemain(PreCopyInfo info) => info.InitialBytes != 0;
}
