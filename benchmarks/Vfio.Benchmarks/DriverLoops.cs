using System.Runtime.CompilerServices;

namespace Vfio.Benchmarks;

/// <summary>Register accesses as a driver writes them; benchmarks/baseline/registers.c has the same loops in C.</summary>
internal static class DriverLoops
{
    /// <summary>From the chain's register to the one that is written for it.</summary>
    private const ulong Doorbells = 2048;

    /// <summary>Reads that wait for each other: each gives the offset of the next.</summary>
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

    /// <summary>A read that says where to write, and the write; the next read waits for this one.</summary>
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

    /// <summary>Reads that wait for nothing.</summary>
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

    /// <summary>Writes that wait for nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Write32(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            region.WriteUInt32(offset, (uint)i);
        }

        return count;
    }

    /// <summary>A register read, changed and written back.</summary>
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

    /// <summary>As <see cref="Read32"/>; a method of its own, since what it is called with shapes a method's code.</summary>
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

    /// <summary>As <see cref="Write32"/>.</summary>
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
