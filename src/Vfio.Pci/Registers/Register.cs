using System.Globalization;

namespace Vfio.Pci;

/// <summary>
/// The offset of a register in its region, and the type of its value: <c>region.Read(NvmeRegisters.Capabilities)</c>.
/// </summary>
/// <typeparam name="T">The type of the register's value, which defines its width.</typeparam>
public readonly record struct Register<T>
    where T : struct, IRegisterValue<T>
{
    /// <summary>Creates a value.</summary>
    /// <param name="offset">The offset in bytes from the start of the region; a multiple of the width.</param>
    public Register(ulong offset) => Offset = offset;

    /// <summary>The offset in bytes from the start of the region; a multiple of the width.</summary>
    public ulong Offset { get; init; }

    /// <summary>
    /// Gets the same register of another instance, for a device with several: queues, vectors, filters.
    /// </summary>
    /// <param name="index">The number of the instance; 0 is this one.</param>
    /// <param name="stride">The distance in bytes from one instance to the next.</param>
    /// <returns>The register.</returns>
    /// <exception cref="OverflowException">The offset would exceed 64 bits.</exception>
    public Register<T> At(uint index, uint stride) => new(checked(Offset + ((ulong)index * stride)));

    /// <summary>Formats the offset and the width.</summary>
    /// <returns>A text like <c>0x8 (32 bits)</c>.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"0x{Offset:x} ({T.Width * 8} bits)");
}
