namespace Vfio.Emulation;

/// <summary>Answers a driver's read of a BAR. Called under the model's lock.</summary>
/// <param name="offset">Bytes from the BAR's start; within the BAR, and a multiple of <paramref name="width"/>.</param>
/// <param name="width">1, 2, 4 or 8 bytes.</param>
/// <returns>The value; bits above the width are left out.</returns>
public delegate ulong RegisterReadHandler(ulong offset, int width);
