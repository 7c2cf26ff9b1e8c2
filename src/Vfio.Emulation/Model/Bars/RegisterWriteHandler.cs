namespace Vfio.Emulation;

/// <summary>Takes a driver's write to a BAR. Called under the model's lock.</summary>
/// <param name="offset">Bytes from the BAR's start; within the BAR, and a multiple of <paramref name="width"/>.</param>
/// <param name="width">1, 2, 4 or 8 bytes.</param>
/// <param name="value">The value, zero-extended.</param>
public delegate void RegisterWriteHandler(ulong offset, int width, ulong value);
