using System.Runtime.CompilerServices;

namespace Vfio.Benchmarks;

/// <summary>
/// Contains register accesses as a driver makes them; benchmarks/baseline/registers.c has the same loops in C.
/// </summary>
internal static class DriverLoops
{
    /// <summary>The offset from a register of the chain to the one that is written for it.</summary>
    private const ulong Doorbells = 2048;

    /// <summary>Reads that depend on each other: each returns the offset of the next.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Chain8(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadByte(offset);
        }

        return offset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Chain16(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadUInt16(offset);
        }

        return offset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Chain32(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadUInt32(offset);
        }

        return offset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Chain64(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadUInt64(offset);
        }

        return offset;
    }

    /// <summary>A read that returns where to write, and the write; the next read depends on this one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Ring8(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadByte(offset);
            region.WriteByte(Doorbells + offset, (byte)offset);
        }

        return offset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Ring16(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadUInt16(offset);
            region.WriteUInt16(Doorbells + offset, (ushort)offset);
        }

        return offset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Ring32(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadUInt32(offset);
            region.WriteUInt32(Doorbells + offset, (uint)offset);
        }

        return offset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Ring64(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            offset = region.ReadUInt64(offset);
            region.WriteUInt64(Doorbells + offset, offset);
        }

        return offset;
    }

    /// <summary>Reads that do not depend on each other.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Read32(Region region, ulong offset, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += region.ReadUInt32(offset);
        }

        return sum;
    }

    /// <summary>Writes that do not depend on each other.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Write32(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            region.WriteUInt32(offset, (uint)i);
        }

        return count;
    }

    /// <summary>A register that is read, changed and written back.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Update32(Region region, ulong offset, ulong count)
    {
        uint value = 0;
        for (ulong i = 0; i < count; i++)
        {
            value = region.ReadUInt32(offset);
            region.WriteUInt32(offset, value + 1);
        }

        return value;
    }

    /// <summary>
    /// The same as <see cref="Read32"/>, in a separate method, because the arguments of a method's calls influence its
    /// code.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong TrappedRead(Region region, ulong offset, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += region.ReadUInt32(offset);
        }

        return sum;
    }

    /// <summary>The same as <see cref="Write32"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong TrappedWrite(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            region.WriteUInt32(offset, (uint)i);
        }

        return count;
    }
}
