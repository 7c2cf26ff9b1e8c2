using System.Runtime.CompilerServices;

namespace Vfio.Benchmarks;

/// <summary>Register accesses as a driver writes them; benchmarks/baseline/registers.c has the same loops in C.</summary>
internal static class DriverLoops
{
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Write32(Region region, ulong offset, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            region.WriteUInt32(offset, (uint)i);
        }

        return count;
    }

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
