using System.Runtime.CompilerServices;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>
/// Contains one access per method, of a register whose offset the compiler does not know; benchmarks/disassembly checks
/// their code.
/// </summary>
internal static class SingleAccess
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte Read8(Region region, ulong offset) => region.ReadByte(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ushort Read16(Region region, ulong offset) => region.ReadUInt16(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint Read32(Region region, ulong offset) => region.ReadUInt32(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Read64(Region region, ulong offset) => region.ReadUInt64(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Write8(Region region, ulong offset, byte value) => region.WriteByte(offset, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Write16(Region region, ulong offset, ushort value) => region.WriteUInt16(offset, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Write32(Region region, ulong offset, uint value) => region.WriteUInt32(offset, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Write64(Region region, ulong offset, ulong value) => region.WriteUInt64(offset, value);

    /// <summary>Must be refused: a second bounds check.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint RefusedSecondCheck32(Region region, ulong offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, region.Length);
        return region.ReadUInt32(offset);
    }

    /// <summary>Must be refused: a second load, without a check.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint RefusedSecondLoad32(Region region, ulong offset, StrongBox<uint> other) =>
        region.ReadUInt32(offset) + other.Value;

    /// <summary>Must be refused: a load of the wrong width.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint RefusedWidth32(Region region, ulong offset) => (uint)region.ReadUInt64(offset);

    /// <summary>Calls all of them so often that the runtime compiles them with full optimization.</summary>
    public static void Warm()
    {
        using BoardModel board = new();
        using VfioDevice device = board.Open();
        using Region region = device.OpenRegion(RegionIndex.Bar2);
        StrongBox<uint> other = new();
        for (int rest = 0; rest < 4; rest++)
        {
            for (int call = 0; call < 64; call++)
            {
                CallAll(region, (ulong)(call % 8) * 8, other);
            }

            Thread.Sleep(Measurement.CompilerRest);
        }
    }

    private static void CallAll(Region region, ulong offset, StrongBox<uint> other)
    {
        _ = Read8(region, offset);
        _ = Read16(region, offset);
        _ = Read32(region, offset);
        _ = Read64(region, offset);
        Write8(region, offset, 1);
        Write16(region, offset, 1);
        Write32(region, offset, 1);
        Write64(region, offset, 1);
        _ = RefusedSecondCheck32(region, offset);
        _ = RefusedSecondLoad32(region, offset, other);
        _ = RefusedWidth32(region, offset);
    }
}
