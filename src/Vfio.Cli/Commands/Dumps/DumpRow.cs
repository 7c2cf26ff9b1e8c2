namespace Vfio.Cli;

/// <summary>Represents sixteen bytes of a region, or fewer at its end.</summary>
/// <param name="Offset">Bytes from the region's start; a multiple of 16.</param>
/// <param name="Bytes">The bytes, with the first one lowest; unknown bytes are zero.</param>
/// <param name="Known">A mask with one bit for each byte that was read.</param>
/// <param name="Length">The number of bytes that the region has in this row.</param>
internal readonly record struct DumpRow(ulong Offset, UInt128 Bytes, ushort Known, int Length)
{
    public const int Width = 16;

    /// <summary>Returns the little-endian number that the bytes form.</summary>
    public ulong Number(int start, int count)
    {
        ulong number = (ulong)(Bytes >> (8 * start));
        return count >= sizeof(ulong) ? number : number & ((1UL << (8 * count)) - 1);
    }

    /// <summary>Returns whether all of these bytes were read.</summary>
    public bool IsKnown(int start, int count)
    {
        int mask = ((1 << count) - 1) << start;
        return (Known & mask) == mask;
    }

    /// <summary>Returns a copy of the row with more bytes.</summary>
    public DumpRow With(int start, int count, ulong number) => this with
    {
        Bytes = Bytes | ((UInt128)number << (8 * start)),
        Known = (ushort)(Known | (((1 << count) - 1) << start)),
    };

    /// <summary>Returns whether both rows have the same content, ignoring their offsets.</summary>
    public bool HasSameContent(DumpRow other) => Bytes == other.Bytes && Known == other.Known && Length == other.Length;
}
