namespace Vfio.Emulation;

/// <summary>Handles a driver's write to a BAR. It is called under the model's lock.</summary>
/// <param name="offset">The offset in bytes from the start of the BAR, within the BAR; a multiple of <paramref
/// name="width"/>.</param>
/// <param name="width">The width in bytes: 1, 2, 4 or 8.</param>
/// <param name="value">The value, zero-extended.</param>
public delegate void RegisterWriteHandler(ulong offset, int width, ulong value);
