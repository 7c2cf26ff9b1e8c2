namespace Vfio;

/// <summary>How <see cref="DeviceMigration.SaveTo"/> and <see cref="DeviceMigration.RestoreFrom"/> go about it. The defaults suit most.</summary>
public sealed record MigrationOptions
{
    /// <summary>
    /// The state that the device is left in when all went well: <see cref="MigrationState.Stop"/> unless told, so that a device whose state has gone elsewhere, or whose memory and interrupts
    /// are not set up yet, does nothing; <see cref="MigrationState.Running"/>, or <see cref="MigrationState.RunningPeerToPeer"/>.
    /// </summary>
    public MigrationState FinalState { get; init; } = MigrationState.Stop;

    /// <summary>
    /// For a save: whether to read a first part while the device runs, where it can (<see cref="MigrationCapabilities.PreCopy"/>). Asked after each part that was read, with what is left:
    /// <see langword="true"/> to go on, <see langword="false"/> to stop the device and read the rest. <see cref="WhileInitialBytesRemain"/> is what the kernel recommends. <see langword="null"/>, the
    /// default, stops the device at once.
    /// </summary>
    public Func<PreCopyInfo, bool>? ContinuePreCopy { get; init; }

    /// <summary>Told after each part that was moved, on the thread that moves it.</summary>
    public IProgress<MigrationProgress>? Progress { get; init; }

    /// <summary>For <see cref="ContinuePreCopy"/>: until there is nothing left of the first part.</summary>
    /// <param name="info">What is left.</param>
    /// <returns>Whether there is anything.</returns>
    public static bool WhileInitialBytesRemain(PreCopyInfo info) => info.InitialBytes != 0;
}
