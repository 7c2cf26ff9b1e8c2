using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class RegionTests : IDisposable
{
    private static readonly byte[] Pattern = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

    private readonly MemoryBackend _backend = new();

    public void Dispose() => _backend.Dispose();

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Reads_are_little_endian_and_of_their_width(RegionAccess access)
    {
        using VfioDevice device = Open(0x1000);
        _backend.Poke(RegionIndex.Bar0, 0x10, Pattern);
        using Region region = device.OpenRegion(RegionIndex.Bar0, access);
        Assert.Equal(0x01, region.ReadByte(0x10));
        Assert.Equal(0xef, region.ReadByte(0x17));
        Assert.Equal(0x2301, region.ReadUInt16(0x10));
        Assert.Equal(0xefcd, region.ReadUInt16(0x16));
        Assert.Equal(0x67452301u, region.ReadUInt32(0x10));
        Assert.Equal(0xefcdab89u, region.ReadUInt32(0x14));
        Assert.Equal(0xefcdab8967452301ul, region.ReadUInt64(0x10));
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Writes_touch_exactly_their_bytes(RegionAccess access)
    {
        using VfioDevice device = Open(0x1000);
        using Region region = device.OpenRegion(RegionIndex.Bar0, access);
        region.WriteByte(0x11, 0xa1);
        region.WriteUInt16(0x22, 0xb2b1);
        region.WriteUInt32(0x34, 0xc4c3c2c1);
        region.WriteUInt64(0x48, 0xd8d7d6d5d4d3d2d1);
        byte[] expected = new byte[0x1000];
        expected[0x11] = 0xa1;
        BinaryPrimitives.WriteUInt16LittleEndian(expected.AsSpan(0x22), 0xb2b1);
        BinaryPrimitives.WriteUInt32LittleEndian(expected.AsSpan(0x34), 0xc4c3c2c1);
        BinaryPrimitives.WriteUInt64LittleEndian(expected.AsSpan(0x48), 0xd8d7d6d5d4d3d2d1);
        Assert.Equal(expected, _backend.Peek(RegionIndex.Bar0, 0, 0x1000));
    }

    [Fact]
    public void A_trapped_access_is_one_access_of_its_width()
    {
        using VfioDevice device = Open(0x1000);
        using Region region = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Assert.False(region.IsMapped);
        _ = region.ReadByte(1);
        _ = region.ReadUInt16(2);
        _ = region.ReadUInt32(4);
        _ = region.ReadUInt64(8);
        region.WriteByte(1, 0);
        region.WriteUInt16(2, 0);
        region.WriteUInt32(4, 0);
        region.WriteUInt64(8, 0);
        Assert.Equal(
            [
                "read Bar0+1 1", "read Bar0+2 2", "read Bar0+4 4", "read Bar0+8 8", "write Bar0+1 1", "write Bar0+2 2",
                "write Bar0+4 4", "write Bar0+8 8",
            ],
            _backend.Log);
    }

    [Fact]
    public void A_mapped_access_does_not_go_through_the_backend()
    {
        using VfioDevice device = Open(0x1000);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        Assert.True(region.IsMapped);
        region.WriteUInt32(0xffc, 0x12345678);
        Assert.Equal(0x12345678u, region.ReadUInt32(0xffc));
        Assert.Equal(["map Bar0+0 1000"], _backend.Log);
    }

    [Theory]
    [InlineData(RegionAccess.Mapped, 0x1000ul)]
    [InlineData(RegionAccess.Trapped, 0x1000ul)]
    [InlineData(RegionAccess.Trapped, 7ul)]
    [InlineData(RegionAccess.Trapped, 1ul)]
    public void An_access_outside_the_region_is_refused(RegionAccess access, ulong length)
    {
        using VfioDevice device = Open(length);
        using Region region = device.OpenRegion(RegionIndex.Bar0, access);
        ulong[] offsets =
        [
            length,
            length + 8,
            ulong.MaxValue & ~7ul,
            ulong.MaxValue,
            (1ul << 63) | 8,
            1ul << 63,
            1ul << 61,
            1ul << 32,
            ulong.MaxValue - 0xfff,
        ];
        foreach (ulong offset in offsets)
        {
            AssertRefused<ArgumentOutOfRangeException>(region, 1, offset);
            AssertRefused<ArgumentOutOfRangeException>(region, 2, offset & ~1ul);
            AssertRefused<ArgumentOutOfRangeException>(region, 4, offset & ~3ul);
            AssertRefused<ArgumentOutOfRangeException>(region, 8, offset & ~7ul);
        }
    }

    [Fact]
    public void An_access_that_begins_inside_and_ends_outside_is_refused()
    {
        using VfioDevice device = Open(0x1006);
        using Region region = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Assert.Equal(0u, region.ReadUInt32(0x1000));
        Assert.Equal(0, region.ReadUInt16(0x1004));
        AssertRefused<ArgumentOutOfRangeException>(region, 4, 0x1004);
        AssertRefused<ArgumentOutOfRangeException>(region, 8, 0x1000);
    }

    [Fact]
    public void The_last_register_of_each_width_is_within()
    {
        using VfioDevice device = Open(0x1000);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        region.WriteUInt64(0xff8, ulong.MaxValue);
        Assert.Equal(0xff, region.ReadByte(0xfff));
        Assert.Equal(0xffff, region.ReadUInt16(0xffe));
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0xffc));
        Assert.Equal(ulong.MaxValue, region.ReadUInt64(0xff8));
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void An_unaligned_access_is_refused(RegionAccess access)
    {
        using VfioDevice device = Open(0x1000);
        using Region region = device.OpenRegion(RegionIndex.Bar0, access);
        foreach (int width in (int[])[2, 4, 8])
        {
            for (ulong offset = 0x10; offset < 0x18; offset++)
            {
                if (offset % (ulong)width != 0)
                {
                    AssertRefused<ArgumentException>(region, width, offset);
                }
            }
        }

        Assert.Equal(new byte[0x1000], _backend.Peek(RegionIndex.Bar0, 0, 0x1000));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x1000)]
    public void Sparse_areas_are_mapped_and_the_gaps_go_through_the_backend(ulong first)
    {
        _backend.Add(
            RegionIndex.Bar0, 0x6000, areas: [new MappableArea(first, 0x1000), new MappableArea(0x4000, 0x1000)]);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        Assert.False(region.IsMapped);
        for (ulong offset = 0; offset < 0x6000; offset += 0x800)
        {
            byte[] value = BitConverter.GetBytes(0x1122334400000000 | offset);
            _backend.Poke(RegionIndex.Bar0, offset, value);
            Assert.Equal((uint)offset, region.ReadUInt32(offset));
            Assert.Equal(0x11223344u, region.ReadUInt32(offset + 4));
            Assert.Equal(0x1122334400000000 | offset, region.ReadUInt64(offset));
            region.WriteUInt64(offset, ~offset);
            region.WriteByte(offset + 0x7ff, 0x77);
            Assert.Equal(BitConverter.GetBytes(~offset), _backend.Peek(RegionIndex.Bar0, offset, 8));
            Assert.Equal(0x77, _backend.Peek(RegionIndex.Bar0, offset + 0x7ff, 1)[0]);
        }

        string[] through = [.. _backend.Log
            .Where(line => !line.StartsWith("map", StringComparison.Ordinal))
            .Select(line => line.Split('+', ' ')[2])];
        ulong[] offsets = [.. through.Select(text => Convert.ToUInt64(text, 16)).Distinct()];
        Assert.All(offsets, offset => Assert.False(
            offset - first < 0x1000 || offset is >= 0x4000 and < 0x5000, $"0x{offset:x} is mapped"));
        // 8 of the 12 steps are gaps; each was touched at its start, at +4 and at its end
        Assert.Equal(8 * 3, offsets.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x1000)]
    public void Sparse_areas_are_judged_like_the_rest(ulong first)
    {
        _backend.Add(
            RegionIndex.Bar0, 0x6000, areas: [new MappableArea(first, 0x1000), new MappableArea(0x4000, 0x1000)]);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        foreach (ulong start in (ulong[])[first, 0x4000])
        {
            AssertRefused<ArgumentException>(region, 4, start + 2);
            AssertRefused<ArgumentException>(region, 8, start + 4);
        }

        AssertRefused<ArgumentOutOfRangeException>(region, 4, 0x6000);
        AssertRefused<ArgumentOutOfRangeException>(region, 8, unchecked(0x1000ul - 0x2000));
        Assert.DoesNotContain(
            _backend.Log,
            line => line.StartsWith("read", StringComparison.Ordinal)
                || line.StartsWith("write", StringComparison.Ordinal));
    }

    [Fact]
    public void One_area_that_is_not_the_whole_region_leaves_the_rest_to_the_backend()
    {
        _backend.Add(RegionIndex.Bar0, 0x3000, areas: [new MappableArea(0x1000, 0x1000)]);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        region.WriteUInt32(0xffc, 1);
        region.WriteUInt32(0x1000, 2);
        region.WriteUInt32(0x1ffc, 3);
        region.WriteUInt32(0x2000, 4);
        Assert.Equal((1u, 2u, 3u, 4u), (
            region.ReadUInt32(0xffc), region.ReadUInt32(0x1000), region.ReadUInt32(0x1ffc), region.ReadUInt32(0x2000)));
        Assert.Equal(
            ["map Bar0+1000 1000", "write Bar0+ffc 4", "write Bar0+2000 4", "read Bar0+ffc 4", "read Bar0+2000 4"],
            _backend.Log);
    }

    [Fact]
    public void An_area_ends_where_it_ends_for_each_width()
    {
        _backend.Add(RegionIndex.Bar0, 0x3000, areas: [new MappableArea(0, 0x1000)]);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        region.WriteByte(0xfff, 1);
        region.WriteUInt16(0xffe, 2);
        region.WriteUInt32(0xffc, 3);
        region.WriteUInt64(0xff8, 4);
        region.WriteByte(0x1000, 1);
        region.WriteUInt16(0x1000, 2);
        region.WriteUInt32(0x1000, 3);
        region.WriteUInt64(0x1000, 4);
        Assert.Equal(
            ["map Bar0+0 1000", "write Bar0+1000 1", "write Bar0+1000 2", "write Bar0+1000 4", "write Bar0+1000 8"],
            _backend.Log);
        Assert.Equal((4ul, 4ul), (region.ReadUInt64(0xff8), region.ReadUInt64(0x1000)));
    }

    [Fact]
    public void A_read_only_region_is_not_mapped_and_refuses_writes()
    {
        _backend.Add(RegionIndex.Rom, 0x1000, canWrite: false);
        _backend.Poke(RegionIndex.Rom, 0, [0x55, 0xaa]);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Rom);
        Assert.False(region.IsMapped);
        Assert.Equal(0xaa55, region.ReadUInt16(0));
        Assert.Throws<NotSupportedException>(() => region.WriteByte(0, 0));
        Assert.Throws<NotSupportedException>(() => region.WriteUInt64(0, 0));
        Assert.Equal(["read Rom+0 2"], _backend.Log);
    }

    [Fact]
    public void A_write_only_region_is_not_mapped_and_refuses_reads()
    {
        _backend.Add(RegionIndex.Bar1, 0x1000, canRead: false);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar1);
        region.WriteByte(3, 9);
        Assert.Equal(9, _backend.Peek(RegionIndex.Bar1, 3, 1)[0]);
        Assert.Throws<NotSupportedException>(() => region.ReadByte(3));
        Assert.Equal(["write Bar1+3 1"], _backend.Log);
    }

    [Fact]
    public void A_region_that_cannot_be_mapped_goes_through_the_backend()
    {
        _backend.AddUnmappable(RegionIndex.Config, 0x1000);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Config, RegionAccess.Mapped);
        Assert.False(region.IsMapped);
        _ = region.ReadUInt32(0);
        Assert.Equal(["read Config+0 4"], _backend.Log);
    }

    private VfioDevice Open(ulong length)
    {
        _backend.Add(RegionIndex.Bar0, length);
        return new VfioDevice(_backend, PciAddress.Parse("0000:00:14.3"));
    }

    private static void AssertRefused<T>(Region region, int width, ulong offset)
        where T : ArgumentException
    {
        T refusal = Assert.Throws<T>((Action)(width switch
        {
            1 => () => region.ReadByte(offset),
            2 => () => region.ReadUInt16(offset),
            4 => () => region.ReadUInt32(offset),
            _ => () => region.ReadUInt64(offset),
        }));
        Assert.Equal("offset", refusal.ParamName);
        Assert.Contains($"0x{offset:x}", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<T>((Action)(width switch
        {
            1 => () => region.WriteByte(offset, 0xff),
            2 => () => region.WriteUInt16(offset, 0xffff),
            4 => () => region.WriteUInt32(offset, uint.MaxValue),
            _ => () => region.WriteUInt64(offset, ulong.MaxValue),
        }));
    }
}
