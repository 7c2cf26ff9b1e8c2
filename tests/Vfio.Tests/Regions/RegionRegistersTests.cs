using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Registers as values, read from and written to a region.</summary>
public sealed class RegionRegistersTests : IDisposable
{
    private static readonly Register<Small> Byte = new(0x10);
    private static readonly Register<RawUInt16> Word = new(0x12);
    private static readonly Register<RawUInt32> Dword = new(0x14);
    private static readonly Register<RawUInt64> Qword = new(0x18);

    private readonly MemoryBackend _backend = new();

    public void Dispose() => _backend.Dispose();

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void A_register_is_read_with_its_width(RegionAccess access)
    {
        using VfioDevice device = Open();
        _backend.Poke(
            RegionIndex.Bar0,
            0x10,
            [0xa1, 0, 0xb1, 0xb2, 0xc1, 0xc2, 0xc3, 0xc4, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]);
        using Region region = device.OpenRegion(RegionIndex.Bar0, access);
        Assert.Equal(new Small(0xa1), region.Read(Byte));
        Assert.Equal(new RawUInt16(0xb2b1), region.Read(Word));
        Assert.Equal(new RawUInt32(0xc4c3c2c1), region.Read(Dword));
        Assert.Equal(new RawUInt64(0xd8d7d6d5d4d3d2d1), region.Read(Qword));
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void A_register_is_written_with_its_width(RegionAccess access)
    {
        using VfioDevice device = Open();
        using Region region = device.OpenRegion(RegionIndex.Bar0, access);
        region.Write(Byte, new Small(0xa1));
        region.Write(Word, new RawUInt16(0xb2b1));
        region.Write(Dword, new RawUInt32(0xc4c3c2c1));
        region.Write(Qword, new RawUInt64(0xd8d7d6d5d4d3d2d1));
        byte[] expected = new byte[0x1000];
        new byte[] { 0xa1, 0, 0xb1, 0xb2, 0xc1, 0xc2, 0xc3, 0xc4, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8 }
            .CopyTo(expected, 0x10);
        Assert.Equal(expected, _backend.Peek(RegionIndex.Bar0, 0, 0x1000));
    }

    [Fact]
    public void An_access_is_one_access()
    {
        using VfioDevice device = Open();
        using Region region = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        _ = region.Read(Byte);
        _ = region.Read(Word);
        _ = region.Read(Dword);
        _ = region.Read(Qword);
        region.Write(Byte, default);
        region.Write(Word, default);
        region.Write(Dword, default);
        region.Write(Qword, default);
        Assert.Equal(
            [
                "read Bar0+10 1", "read Bar0+12 2", "read Bar0+14 4", "read Bar0+18 8",
                "write Bar0+10 1", "write Bar0+12 2", "write Bar0+14 4", "write Bar0+18 8",
            ],
            _backend.Log);
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Outside_the_region_there_is_no_register(RegionAccess access)
    {
        using VfioDevice device = Open();
        using Region region = device.OpenRegion(RegionIndex.Bar0, access);
        Assert.Equal(default, region.Read(new Register<RawUInt64>(0xff8)));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Read(new Register<RawUInt64>(0x1000)));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Read(new Register<Small>(ulong.MaxValue)));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Write(new Register<RawUInt16>(0x1000), default));
        Assert.Throws<ArgumentException>(() => region.Read(new Register<RawUInt32>(2)));
        Assert.Throws<ArgumentException>(() => region.Write(new Register<RawUInt64>(4), default));
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void After_disposal_each_access_throws(RegionAccess access)
    {
        using VfioDevice device = Open();
        Region region = device.OpenRegion(RegionIndex.Bar0, access);
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.Read(Dword));
        Assert.Throws<ObjectDisposedException>(() => region.Write(Qword, default));
    }

    [Fact]
    public void A_register_that_is_a_number_is_written_as_one()
    {
        using VfioDevice device = Open();
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        region.Write(new Register<RawUInt16>(2), (ushort)0x1122);
        region.Write(new Register<RawUInt32>(4), 0x33445566);
        region.Write(new Register<RawUInt64>(8), 0x778899aabbccddeeul);
        region.Write(new Register<RawUInt64>(16), new Iova(0x10000));
        region.Write(new Register<RawUInt64>(24), new(7));
        Assert.Equal((0x1122, 0x33445566u), (region.ReadUInt16(2), region.ReadUInt32(4)));
        Assert.Equal((0x778899aabbccddeeul, 0x10000ul, 7ul), (
            region.ReadUInt64(8), region.ReadUInt64(16), region.ReadUInt64(24)));
    }

    [Fact]
    public void A_width_that_no_access_has_is_refused()
    {
        using VfioDevice device = Open();
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        Assert.Contains(
            "3 bytes",
            Assert.Throws<NotSupportedException>(() => region.Read(new Register<Odd>(0))).Message,
            StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => region.Write(new Register<Odd>(0), default));
    }

    [Fact]
    public void Accesses_allocate_nothing()
    {
        using VfioDevice device = Open();
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        Assert.True(region.IsMapped);
        ulong sum = Access(region, 1);
        Assert.Equal(0, Allocation.Of(() => sum |= Access(region, 10_000)));
        Assert.NotEqual(0ul, sum);
    }

    private static ulong Access(Region region, int count)
    {
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            region.Write(Byte, new Small((byte)i));
            region.Write(Word, new RawUInt16((ushort)i));
            region.Write(Dword, new RawUInt32((uint)i));
            region.Write(Qword, new RawUInt64((ulong)i + 1));
            sum +=
                (ulong)region.Read(Byte).Raw + region.Read(Word).Raw + region.Read(Dword).Raw + region.Read(Qword).Raw;
        }

        return sum;
    }

    private VfioDevice Open()
    {
        _backend.Add(RegionIndex.Bar0, 0x1000);
        return new VfioDevice(_backend, PciAddress.Parse("0000:00:01.0"));
    }

    private readonly record struct Small(byte Raw) : IRegisterValue<Small>
    {
        public static int Width => 1;

        ulong IRegisterValue<Small>.Raw => Raw;

        static Small IRegisterValue<Small>.FromRaw(ulong raw) => new((byte)raw);
    }

    private readonly record struct Odd(ulong Raw) : IRegisterValue<Odd>
    {
        public static int Width => 3;

        static Odd IRegisterValue<Odd>.FromRaw(ulong raw) => new(raw);
    }
}
