namespace Vfio.Cli;

/// <summary>Sixteen bytes of a region; fewer at its end.</summary>
/// <param name="Offset">Bytes from the region's start; a multiple of 16.</param>
/// <param name="Bytes">The bytes, the first one lowest; zero where unknown.</param>
/// <param name="Known">A bit for each byte that was read.</param>
/// <param name="Length">How many bytes the region has here.</param>
internal readonly record struct DumpRow(ulong Offset, UInt128 Bytes, ushort Known, int Length)
{
    public const int Width = 16;

    /// <summary>The number that so many bytes make, the lowest first.</summary>
    public ulong Number(int start, int count)
    {
        ulong number = (ulong)(Bytes >> (8 * start));
        return count >= sizeof(ulong) ? number : number & ((1UL << (8 * count)) - 1);
    }

    /// <summary>Whether all of these bytes were read.</summary>
    public bool IsKnown(int start, int count)
    {
        int mask = ((1 << count) - 1) << start;
        return (Known & mask) == mask;
    }

    /// <summary>The row with bytes added.</summary>
    public DumpRow With(int start, int count, ulong number) => this with
    {
        Bytes = Bytes | ((UInt128)number << (8 * start)),
        Known = (ushort)(Known | (((1 << count) - 1) << start)),
    };

    /// <summary>Whether both rows say the same, wherever they are.</summary>
    public bool HasSameContent(DumpRow other) => Bytes == other.Bytes && Known == other.Known && Length == other.Length;
}
