using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Parses what a container reports about itself into an <see cref="AddressSpaceInfo"/>. Chain, counts and ranges are
/// bounded.
/// </summary>
internal static class Type1InfoParser
{
    private const int MaxRanges = 65536;

    public static AddressSpaceInfo Parse(ReadOnlySpan<byte> answer)
    {
        _ = InfoAnswer.TryRead(answer, 0, out VfioUapi.vfio_iommu_type1_info info);
        ulong process = (ulong)Environment.SystemPageSize;
        ulong sizes = (info.flags & VfioUapi.VFIO_IOMMU_INFO_PGSIZES) != 0 && info.iova_pgsizes != 0
            ? info.iova_pgsizes
            : process;
        ulong page = Math.Max(process, 1ul << System.Numerics.BitOperations.TrailingZeroCount(sizes));
        IReadOnlyList<IovaRange>? ranges = null;
        uint? left = null;
        uint offset = (info.flags & VfioUapi.VFIO_IOMMU_INFO_CAPS) != 0 ? info.cap_offset : 0;
        foreach ((ushort id, uint at) in InfoAnswer.FindCapabilities(answer, offset, out _))
        {
            if (id == VfioUapi.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
            {
                ranges = IovaRanges.Normalize(WithoutLastPage(ReadRanges(answer, at), page), page);
            }
            else if (id == VfioUapi.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL
                && InfoAnswer.TryRead(answer, at, out VfioUapi.vfio_iommu_type1_info_dma_avail avail))
            {
                // an iommufd that replaces the container has no limit
                left = avail.avail == uint.MaxValue ? null : avail.avail;
            }
        }

        return new AddressSpaceInfo(ranges ?? IovaRanges.Assume(page), sizes, left);
    }

    // Kernels whose unmap computes the end of its range do not find mappings in the last page of the 64-bit address
    // space.
    private static IEnumerable<(ulong First, ulong Last)> WithoutLastPage(
        List<(ulong First, ulong Last)> ranges, ulong page) =>
        ranges.Select(range => (range.First, Math.Min(range.Last, ulong.MaxValue - page)));

    private static List<(ulong First, ulong Last)> ReadRanges(ReadOnlySpan<byte> answer, uint offset)
    {
        List<(ulong, ulong)> ranges = [];
        _ = InfoAnswer.TryRead(answer, offset, out VfioUapi.vfio_iommu_type1_info_cap_iova_range capability);
        ulong at = (ulong)offset + (ulong)Unsafe.SizeOf<VfioUapi.vfio_iommu_type1_info_cap_iova_range>();
        for (uint i = 0;
            i < Math.Min(capability.nr_iovas, MaxRanges)
            && InfoAnswer.TryRead(answer, at, out VfioUapi.vfio_iova_range range);
            i++)
        {
            ranges.Add((range.start, range.end));
            at += (ulong)Unsafe.SizeOf<VfioUapi.vfio_iova_range>();
        }

        return ranges;
    }
}
