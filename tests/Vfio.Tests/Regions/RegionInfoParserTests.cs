using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class RegionInfoParserTests
{
    private const uint Readable = VfioUapi.VFIO_REGION_INFO_FLAG_READ;
    private const uint Writable = VfioUapi.VFIO_REGION_INFO_FLAG_WRITE;
    private const uint Mappable = VfioUapi.VFIO_REGION_INFO_FLAG_MMAP;
    private const uint HasChain = VfioUapi.VFIO_REGION_INFO_FLAG_CAPS;
    private const uint All = Readable | Writable | Mappable | HasChain;
    private const ushort Sparse = VfioUapi.VFIO_REGION_INFO_CAP_SPARSE_MMAP;
    private const int Fixed = 32;

    [Fact]
    public void A_region_without_capabilities_is_mappable_as_a_whole()
    {
        RegionInfo info = Parse(Answer(Readable | Writable | Mappable, 0x4000, capOffset: 0, offset: 0x2_0000_0000));
        Assert.Equal(RegionIndex.Bar2, info.Index);
        Assert.Equal((0x4000ul, true, true, true), (info.Length, info.IsImplemented, info.CanRead, info.CanWrite));
        Assert.Equal(0x2_0000_0000ul, info.FileOffset);
        Assert.Equal([new MappableArea(0, 0x4000)], info.MappableAreas);
    }

    [Theory]
    [InlineData(0u, false, false)]
    [InlineData(Readable, true, false)]
    [InlineData(Writable, false, true)]
    public void A_region_that_may_not_be_mapped_has_no_areas(uint flags, bool canRead, bool canWrite)
    {
        RegionInfo info = Parse(Answer(flags, 0x100));
        Assert.Equal((canRead, canWrite), (info.CanRead, info.CanWrite));
        Assert.Empty(info.MappableAreas);
    }

    [Fact]
    public void A_region_of_length_zero_is_not_implemented_and_has_no_areas()
    {
        RegionInfo info = Parse(Answer(All, 0, Fixed, tail: SparseCapability(next: 0, (0, 0x1000))));
        Assert.False(info.IsImplemented);
        Assert.Empty(info.MappableAreas);
    }

    [Fact]
    public void Areas_of_the_sparse_capability_come_out_ascending()
    {
        RegionInfo info = Parse(
            Answer(All, 0x8000, Fixed, tail: SparseCapability(next: 0, (0x6000, 0x2000), (0, 0x1000))));
        Assert.Equal([new MappableArea(0, 0x1000), new MappableArea(0x6000, 0x2000)], info.MappableAreas);
    }

    [Fact]
    public void The_sparse_capability_is_found_behind_others()
    {
        byte[] chain =
        [
            .. Header(id: 2, next: Fixed + 8),
            .. Header(id: 3, next: Fixed + 16),
            .. SparseCapability(next: 0, (0x1000, 0x1000)),
        ];
        Assert.Equal([new MappableArea(0x1000, 0x1000)], Parse(Answer(All, 0x4000, Fixed, tail: chain)).MappableAreas);
    }

    [Fact]
    public void A_device_specific_region_reports_its_type()
    {
        byte[] type =
            [.. Header(id: 2, next: Fixed + 16), .. BitConverter.GetBytes(0x80008086u), .. BitConverter.GetBytes(1u)];
        RegionInfo info = Parse(
            Answer(All, 0x4000, Fixed, tail: [.. type, .. SparseCapability(next: 0, (0x1000, 0x1000))]));
        Assert.Equal((new RegionType(0x80008086, 1), false), (info.Type, info.IsMsixMappable));
        Assert.Equal([new MappableArea(0x1000, 0x1000)], info.MappableAreas);
        // If it is truncated in the middle, there is no type.
        Assert.Null(Parse(Answer(All, 0x4000, Fixed, tail: type[..12])).Type);
    }

    [Fact]
    public void Capabilities_after_the_sparse_one_are_read_and_a_break_there_removes_no_area()
    {
        byte[] sparse = SparseCapability(next: Fixed + 32, (0, 0x1000));
        RegionInfo info = Parse(Answer(All, 0x4000, Fixed, tail: [.. sparse, .. Header(id: 3, next: 0)]));
        Assert.True(info.IsMsixMappable);
        Assert.Null(info.Type);
        Assert.Equal([new MappableArea(0, 0x1000)], info.MappableAreas);
        Assert.Equal([new MappableArea(0, 0x1000)], Parse(Answer(All, 0x4000, Fixed, tail: sparse)).MappableAreas);
    }

    [Fact]
    public void A_chain_without_a_sparse_capability_leaves_the_whole_region()
    {
        RegionInfo info = Parse(Answer(All, 0x4000, Fixed, tail: Header(id: 3, next: 0)));
        Assert.Equal([new MappableArea(0, 0x4000)], info.MappableAreas);
    }

    [Fact]
    public void Without_its_flag_a_chain_is_not_followed()
    {
        RegionInfo info = Parse(Answer(All & ~HasChain, 0x4000, Fixed, tail: SparseCapability(next: 0, (0, 0x1000))));
        Assert.Equal([new MappableArea(0, 0x4000)], info.MappableAreas);
    }

    [Fact]
    public void Linuxs_one_area_of_length_zero_means_that_nothing_may_be_mapped() =>
        Assert.Empty(Parse(Answer(All, 0x4000, Fixed, tail: SparseCapability(next: 0, (0, 0)))).MappableAreas);

    [Fact]
    public void Areas_outside_the_region_are_left_out()
    {
        RegionInfo info = Parse(Answer(All, 0x4000, Fixed, tail: SparseCapability(
            next: 0,
            (0x4000, 0x1000),
            (0x3000, 0x1001),
            (0x3000, 0x1000),
            (ulong.MaxValue - 0xfff, 0x1000),
            (0x1000, ulong.MaxValue),
            (ulong.MaxValue, ulong.MaxValue))));
        Assert.Equal([new MappableArea(0x3000, 0x1000)], info.MappableAreas);
    }

    [Fact]
    public void Overlapping_areas_stay_within_the_region()
    {
        RegionInfo info = Parse(
            Answer(All, 0x4000, Fixed, tail: SparseCapability(next: 0, (0, 0x3000), (0x1000, 0x3000), (0, 0x4000))));
        AssertSound(info);
        Assert.Contains(new MappableArea(0, 0x4000), info.MappableAreas);
    }

    [Fact]
    public void A_chain_that_loops_comes_to_an_end()
    {
        AssertSound(Parse(Answer(All, 0x4000, Fixed, tail: Header(id: 2, next: Fixed))));
        AssertSound(Parse(
            Answer(All, 0x4000, Fixed, tail: [.. Header(id: 2, next: Fixed + 8), .. Header(id: 3, next: Fixed)])));
    }

    [Theory]
    [InlineData(40u)]
    [InlineData(41u)]
    [InlineData(4096u)]
    [InlineData(0x7fff_fff8u)]
    [InlineData(0x8000_0000u)]
    [InlineData(0xffff_fff8u)]
    [InlineData(uint.MaxValue)]
    public void A_chain_that_leads_out_of_the_answer_allows_no_mapping(uint wild)
    {
        // The list of mappable areas was after the break, so none is known.
        Assert.Empty(Parse(Answer(All, 0x4000, capOffset: wild)).MappableAreas);
        Assert.Empty(Parse(Answer(All, 0x4000, Fixed, tail: Header(id: 2, next: wild))).MappableAreas);
    }

    [Fact]
    public void A_chain_cut_anywhere_never_allows_more_than_the_whole_one()
    {
        byte[] whole = Answer(All, 0x8000, Fixed, tail: SparseCapability(next: 0, (0x1000, 0x1000), (0x4000, 0x2000)));
        IReadOnlyList<MappableArea> allowed = Parse(whole).MappableAreas;
        for (int length = Fixed; length < whole.Length; length++)
        {
            Assert.All(Parse(whole[..length]).MappableAreas, area => Assert.Contains(area, allowed));
        }
    }

    [Fact]
    public void A_count_larger_than_the_answer_gives_only_the_areas_in_it()
    {
        byte[] capability = SparseCapability(next: 0, (0, 0x1000), (0x2000, 0x1000));
        BinaryPrimitives.WriteUInt32LittleEndian(capability.AsSpan(8), uint.MaxValue);
        RegionInfo info = Parse(Answer(All, 0x4000, Fixed, tail: capability));
        Assert.Equal([new MappableArea(0, 0x1000), new MappableArea(0x2000, 0x1000)], info.MappableAreas);
    }

    [Fact]
    public void Thousands_of_areas_are_read()
    {
        (ulong, ulong)[] areas = [.. Enumerable.Range(0, 5000).Select(i => ((ulong)(i * 0x2000), 0x1000ul))];
        RegionInfo info = Parse(Answer(All, 5000 * 0x2000, Fixed, tail: SparseCapability(next: 0, areas)));
        Assert.Equal(5000, info.MappableAreas.Count);
        AssertSound(info);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    public void An_answer_shorter_than_the_structure_is_refused(int length) =>
        Assert.Throws<VfioException>(() => Parse(new byte[length]));

    [Fact]
    public void Ten_thousand_random_answers_give_sound_areas_or_a_refusal()
    {
        Random random = new(20240607);
        int withAreas = 0;
        for (int round = 0; round < 10_000; round++)
        {
            RegionInfo info = Parse(RandomAnswer(random));
            AssertSound(info);
            withAreas += info.MappableAreas.Count > 1 ? 1 : 0;
        }

        Assert.True(withAreas > 500, $"only {withAreas} of the answers had areas: the fuzz does not reach them");
    }

    // A tenth of the answers is noise; the rest is a chain as kernels write it, with some bytes changed and its end
    // truncated.
    private static byte[] RandomAnswer(Random random)
    {
        if (random.Next(10) == 0)
        {
            byte[] noise = new byte[Fixed + random.Next(400)];
            random.NextBytes(noise);
            return noise;
        }

        (ulong, ulong)[] areas = [.. Enumerable.Range(0, random.Next(12))
            .Select(_ => ((ulong)random.Next(20) * 0x1000, (ulong)random.Next(6) * 0x1000))];
        byte[] chain = SparseCapability(next: (uint)(random.Next(2) * Fixed), areas);
        if (random.Next(2) == 0)
        {
            chain = [.. Header((ushort)random.Next(4), next: Fixed + 8), .. chain];
        }

        byte[] answer = Answer(All, (ulong)random.Next(20) * 0x1000, Fixed, tail: chain);
        for (int changes = random.Next(4); changes > 0; changes--)
        {
            answer[random.Next(4, answer.Length)] = (byte)random.Next(256);
        }

        return random.Next(3) == 0 ? answer[..random.Next(Fixed, answer.Length + 1)] : answer;
    }

    private static void AssertSound(RegionInfo info)
    {
        ulong last = 0;
        foreach (MappableArea area in info.MappableAreas)
        {
            Assert.NotEqual(0ul, area.Length);
            Assert.InRange(area.Offset, last, info.Length - 1);
            Assert.InRange(area.Length, 1ul, info.Length - area.Offset);
            last = area.Offset;
        }
    }

    // Parses from memory that ends with the answer, so that a read beyond it would be out of range.
    private static RegionInfo Parse(byte[] answer) => RegionInfoParser.Parse(RegionIndex.Bar2, answer);

    private static byte[] Answer(uint flags, ulong size, uint capOffset = 0, ulong offset = 0, byte[]? tail = null)
    {
        VfioUapi.vfio_region_info info = new()
        {
            argsz = (uint)(Fixed + (tail?.Length ?? 0)),
            flags = flags,
            index = 2,
            cap_offset = capOffset,
            size = size,
            offset = offset,
        };
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<VfioUapi.vfio_region_info>(in info)), .. tail ?? []];
    }

    private static byte[] Header(ushort id, uint next)
    {
        VfioUapi.vfio_info_cap_header header = new() { id = id, version = 1, next = next };
        return MemoryMarshal.AsBytes(new ReadOnlySpan<VfioUapi.vfio_info_cap_header>(in header)).ToArray();
    }

    private static byte[] SparseCapability(uint next, params (ulong Offset, ulong Size)[] areas)
    {
        byte[] count = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(count, areas.Length);
        byte[] list =
            [.. areas.SelectMany(area => BitConverter.GetBytes(area.Offset).Concat(BitConverter.GetBytes(area.Size)))];
        return [.. Header(Sparse, next), .. count, .. list];
    }
}
