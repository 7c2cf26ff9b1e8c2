using System.Globalization;

namespace Vfio.Pci;

/// <summary>Where a register lies in its region, and what its value is: <c>region.Read(NvmeRegisters.Capabilities)</c>.</summary>
/// <typeparam name="T">The register's value, which knows its width.</typeparam>
public readonly record struct Register<T>
    where T : struct, IRegisterValue<T>
{
    /// <summary>Creates a value.</summary>
    /// <param name="offset">Bytes from the region's start; a multiple of the width.</param>
    public Register(ulong offset) => Offset = offset;

    /// <summary>Bytes from the region's start; a multiple of the width.</summary>
    public ulong Offset { get; init; }

    /// <summary>The same register of another instance, where a device has several: queues, vectors, filters.</summary>
    /// <param name="index">Which one; 0 is this.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <returns>The register.</returns>
    /// <exception cref="OverflowException">The register would lie beyond 64 bits.</exception>
    public Register<T> At(uint index, uint stride) => new(checked(Offset + ((ulong)index * stride)));

    /// <summary>The offset and the width.</summary>
    /// <returns>Like <c>0x8 (32 bits)</c>.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Offset:x} ({T.Width * 8} bits)");
}
