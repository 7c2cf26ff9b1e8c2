namespace Vfio;

/// <summary>Represents the progress of a save or restore.</summary>
public readonly record struct MigrationProgress
{
    /// <summary>Creates a value.</summary>
    /// <param name="state">The state that the device is in.</param>
    /// <param name="bytes">The bytes of state transferred so far.</param>
    /// <param name="expected">
    /// The total number of bytes: an estimate when saving, exact when restoring from a file; <see langword="null"/> if
    /// it is unknown.
    /// </param>
    public MigrationProgress(MigrationState state, ulong bytes, ulong? expected)
    {
        State = state;
        Bytes = bytes;
        Expected = expected;
    }

    /// <summary>Gets the state that the device is in.</summary>
    public MigrationState State { get; init; }

    /// <summary>Gets the bytes of state transferred so far.</summary>
    public ulong Bytes { get; init; }

    /// <summary>
    /// Gets the total number of bytes: an estimate when saving, exact when restoring from a file;
    /// <see langword="null"/> if it is unknown.
    /// </summary>
    public ulong? Expected { get; init; }
}
