namespace Vfio;

/// <summary>How far a save or a restore is.</summary>
/// <param name="State">The state that the device is in.</param>
/// <param name="Bytes">Bytes of state moved until now.</param>
/// <param name="Expected">Bytes that it will be in all: an estimate when saving, exact when restoring from a file; <see langword="null"/> where nobody knows.</param>
public readonly record struct MigrationProgress(MigrationState State, ulong Bytes, ulong? Expected);
