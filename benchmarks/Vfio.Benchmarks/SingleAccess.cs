using System.Runtime.CompilerServices;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>
/// Contains one access per method, of a register, a number in a buffer, an entry of a ring or a field of one, whose
/// place the compiler does not know; benchmarks/disassembly checks their code. The digits of a name are the access's
/// width.
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint RegisterRead32(Region region, Register<RawUInt32> register) => region.Read(register).Raw;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void RegisterWrite32(Region region, Register<RawUInt32> register, uint value) =>
        region.Write(register, new RawUInt32(value));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RegisterRead64(Region region, Register<RawUInt64> register) => region.Read(register).Raw;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void RegisterWrite64(Region region, Register<RawUInt64> register, ulong value) =>
        region.Write(register, new RawUInt64(value));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte BufferRead8(DmaBuffer buffer, nuint offset) => buffer.Read<byte>(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void BufferWrite8(DmaBuffer buffer, nuint offset, byte value) => buffer.Write(offset, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ushort BufferRead16(DmaBuffer buffer, nuint offset) => buffer.Read<ushort>(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void BufferWrite16(DmaBuffer buffer, nuint offset, ushort value) => buffer.Write(offset, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint BufferRead32(DmaBuffer buffer, nuint offset) => buffer.Read<uint>(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void BufferWrite32(DmaBuffer buffer, nuint offset, uint value) => buffer.Write(offset, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong BufferRead64(DmaBuffer buffer, nuint offset) => buffer.Read<ulong>(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void BufferWrite64(DmaBuffer buffer, nuint offset, ulong value) => buffer.Write(offset, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint BufferByInt32(DmaBuffer buffer, int offset) => buffer.Read<uint>(offset);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RingRead64(DmaRing<ulong> ring, nuint index) => ring[index];

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void RingWrite64(DmaRing<ulong> ring, nuint index, ulong value) => ring[index] = value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ushort FieldRead16(DmaRing<Entry> ring, nuint index) => ring.Read<ushort>(index, 14);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void FieldWrite32(DmaRing<Entry> ring, nuint index, uint value) => ring.Write(index, 8, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint FieldByInt32(DmaRing<Entry> ring, int index) => ring.Read<uint>(index, 8);

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

    /// <summary>Must be refused: a second check, of a field that may be outside the entry.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint RefusedField32(DmaRing<Entry> ring, nuint index, nuint field) => ring.Read<uint>(index, field);

    /// <summary>Calls all of them so often that the runtime compiles them with full optimization.</summary>
    public static void Warm()
    {
        using BoardModel board = new();
        using VfioDevice device = board.Open();
        using Region region = device.OpenRegion(RegionIndex.Bar2);
        using DmaBuffer buffer = device.AddressSpace.Allocate(4096);
        DmaRing<ulong> numbers = new(buffer, 0, 64);
        DmaRing<Entry> entries = new(buffer, 0, 64);
        StrongBox<uint> other = new();
        for (int rest = 0; rest < 4; rest++)
        {
            for (int call = 0; call < 64; call++)
            {
                CallAll(region, (ulong)(call % 8) * 8, other);
                CallAll(region, new Register<RawUInt32>(8), new Register<RawUInt64>(16));
                CallAll(buffer, call % 8 * 8);
                CallAll(numbers, entries, call % 8);
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

    private static void CallAll(Region region, Register<RawUInt32> narrow, Register<RawUInt64> wide)
    {
        RegisterWrite32(region, narrow, RegisterRead32(region, narrow));
        RegisterWrite64(region, wide, RegisterRead64(region, wide));
    }

    private static void CallAll(DmaBuffer buffer, int offset)
    {
        nuint place = (nuint)offset;
        BufferWrite8(buffer, place, BufferRead8(buffer, place));
        BufferWrite16(buffer, place, BufferRead16(buffer, place));
        BufferWrite32(buffer, place, BufferRead32(buffer, place));
        BufferWrite64(buffer, place, BufferRead64(buffer, place));
        _ = BufferByInt32(buffer, offset);
    }

    private static void CallAll(DmaRing<ulong> numbers, DmaRing<Entry> entries, int index)
    {
        nuint place = (nuint)index;
        RingWrite64(numbers, place, RingRead64(numbers, place));
        FieldWrite32(entries, place, FieldRead16(entries, place));
        _ = FieldByInt32(entries, index);
        _ = RefusedField32(entries, place, 8);
    }

    /// <summary>An entry of 16 bytes, as a completion often is.</summary>
    internal readonly record struct Entry(ulong First, ulong Second);
}
