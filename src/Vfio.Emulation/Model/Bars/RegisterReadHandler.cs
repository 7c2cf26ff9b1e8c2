namespace Vfio.Emulation;

/// <summary>Handles a driver's read of a BAR. It is called under the model's lock.</summary>
/// <param name="offset">The offset in bytes from the start of the BAR, within the BAR; a multiple of <paramref
/// name="width"/>.</param>
/// <param name="width">The width in bytes: 1, 2, 4 or 8.</param>
/// <returns>The value; bits beyond the width are ignored.</returns>
public delegate ulong RegisterReadHandler(ulong offset, int width);
