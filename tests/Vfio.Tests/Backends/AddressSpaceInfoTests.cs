using System.Runtime.InteropServices;

namespace Vfio.Tests;

/// <summary>
/// What a container reports about itself, valid and hostile, and the ranges that are derived from it.
/// </summary>
public sealed class AddressSpaceInfoTests
{
    private const ulong Page = 4096;

    [Fact]
    public void A_containers_ranges_page_sizes_and_entries_are_read()
    {
        AddressSpaceInfo info = Type1InfoParser.Parse(
            Answer([(0, 0xfedfffff), (0xfef00000, 0x7fffffffff)], left: 65535));
        Assert.Equal(
            [
                new IovaRange(new Iova(0), new Iova(0xfedfffff)),
                new IovaRange(new Iova(0xfef00000), new Iova(0x7fffffffff)),
            ],
            info.Ranges);
        Assert.Equal((0xfffffffffffff000ul, (uint?)65535), (info.PageSizes, info.EntriesLeft));
    }

    [Fact]
    public void An_iommufd_in_the_containers_place_has_no_limit_of_entries() =>
        Assert.Null(Type1InfoParser.Parse(Answer([(0, 0xffffffff)], left: uint.MaxValue)).EntriesLeft);

    [Fact]
    public void If_the_kernel_reports_nothing_the_usual_values_are_assumed()
    {
        VfioUapi.vfio_iommu_type1_info info =
            new() { argsz = 24, flags = VfioUapi.VFIO_IOMMU_INFO_PGSIZES, iova_pgsizes = Page };
        AddressSpaceInfo parsed = Type1InfoParser.Parse(
            MemoryMarshal.AsBytes(new ReadOnlySpan<VfioUapi.vfio_iommu_type1_info>(in info)));
        Assert.Equal(2, parsed.Ranges.Count);
        Assert.DoesNotContain(parsed.Ranges, range => range.Contains(0xfee00000, 0xfee00000));
        Assert.Equal(2, Type1InfoParser.Parse([]).Ranges.Count);
    }

    [Fact]
    public void Hostile_answers_are_survived_and_their_ranges_are_still_valid()
    {
        Random random = new(7);
        byte[] answer = Answer([(0, 0xfedfffff), (0xfef00000, 0x7fffffffff)], left: 10);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = answer[..random.Next(answer.Length + 1)];
            for (int change = random.Next(8); change > 0 && bytes.Length != 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            AssertSound(Type1InfoParser.Parse(bytes).Ranges);
        }
    }

    [Fact]
    public void Ranges_become_sorted_disjoint_whole_pages()
    {
        Assert.Equal(
            [
                new IovaRange(new Iova(0x1000), new Iova(0x4fff)),
                new IovaRange(new Iova(0x8000), new Iova(ulong.MaxValue)),
            ],
            IovaRanges.Normalize(
                [(0x8000, ulong.MaxValue), (0x3000, 0x4fff), (0x801, 0x3fff), (0x9000, 0x8000), (0x6001, 0x6fff)],
                Page));
        Assert.Equal(
            [new IovaRange(new Iova(ulong.MaxValue - (Page - 1)), new Iova(ulong.MaxValue))],
            IovaRanges.Normalize([(ulong.MaxValue - (Page - 1), ulong.MaxValue)], Page));
        Assert.Empty(IovaRanges.Normalize(
            [(ulong.MaxValue, ulong.MaxValue), (ulong.MaxValue - 1, ulong.MaxValue), (1, 0xfff)], Page));
        Random random = new(3);
        for (int i = 0; i < 10_000; i++)
        {
            (ulong, ulong)[] ranges =
                [.. Enumerable.Range(0, random.Next(6)).Select(_ => (Edge(random), Edge(random)))];
            IReadOnlyList<IovaRange> result = IovaRanges.Normalize(ranges, Page);
            AssertSound(result);
            // No address that was outside all ranges is inside one now.
            Assert.All(result, range => Assert.Contains(
                ranges, given => given.Item1 <= range.First.Value && range.First.Value <= given.Item2));
        }
    }

    private static ulong Edge(Random random) => random.Next(3) switch
    {
        0 => (ulong)random.Next(0x10000),
        1 => ulong.MaxValue - (ulong)random.Next(0x10000),
        _ => (ulong)random.NextInt64(),
    };

    private static void AssertSound(IReadOnlyList<IovaRange> ranges)
    {
        ulong? before = null;
        foreach (IovaRange range in ranges)
        {
            Assert.True(
                range.First <= range.Last && range.First.Value % Page == 0 && range.Last.Value % Page == Page - 1,
                $"{range}");
            Assert.True(before is null || range.First.Value > before, $"{range} after 0x{before:x}");
            before = range.Last.Value;
        }
    }

    private static byte[] Answer((ulong First, ulong Last)[] ranges, uint left)
    {
        MemoryStream stream = new();
        void Write<T>(T value)
            where T : unmanaged => stream.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

        const int Fixed = 24;
        const int Migration = 32;
        const int Avail = 12;
        Write(new VfioUapi.vfio_iommu_type1_info
        {
            argsz = 200,
            flags = VfioUapi.VFIO_IOMMU_INFO_PGSIZES | VfioUapi.VFIO_IOMMU_INFO_CAPS,
            iova_pgsizes = ~(Page - 1),
            cap_offset = Fixed,
        });
        Write(new VfioUapi.vfio_iommu_type1_info_cap_migration
        {
            header = new() { id = VfioUapi.VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, version = 1, next = Fixed + Migration },
        });
        Write(
            new VfioUapi.vfio_iommu_type1_info_dma_avail
            {
                header = new()
                {
                    id = VfioUapi.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
                    version = 1,
                    next = Fixed + Migration + Avail,
                },
                avail = left,
            });
        Write(new VfioUapi.vfio_iommu_type1_info_cap_iova_range
        {
            header = new() { id = VfioUapi.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, version = 1 },
            nr_iovas = (uint)ranges.Length,
        });
        foreach ((ulong first, ulong last) in ranges)
        {
            Write(new VfioUapi.vfio_iova_range { start = first, end = last });
        }

        return stream.ToArray();
    }
}
