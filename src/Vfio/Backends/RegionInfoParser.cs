using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Parses the kernel's region structure and its capability chain into a <see cref="RegionInfo"/>. The chain is bounded:
/// invalid offsets, loops and areas outside the region are refused or left out.
/// </summary>
internal static class RegionInfoParser
{
    public static RegionInfo Parse(RegionIndex index, ReadOnlySpan<byte> answer)
    {
        if (!MemoryMarshal.TryRead(answer, out VfioUapi.vfio_region_info info))
        {
            throw new VfioException(
                "VFIO_DEVICE_GET_REGION_INFO", index.Describe(), $"the answer has only {answer.Length} bytes");
        }

        bool canMap = (info.flags & VfioUapi.VFIO_REGION_INFO_FLAG_MMAP) != 0 && info.size != 0;
        Chain chain = (info.flags & VfioUapi.VFIO_REGION_INFO_FLAG_CAPS) != 0
            ? Follow(answer, info.cap_offset, info.size)
            : default;
        IReadOnlyList<MappableArea> areas = !canMap ? [] : chain.Areas ?? [new MappableArea(0, info.size)];
        return new RegionInfo(
            index,
            info.size,
            (info.flags & VfioUapi.VFIO_REGION_INFO_FLAG_READ) != 0,
            (info.flags & VfioUapi.VFIO_REGION_INFO_FLAG_WRITE) != 0,
            areas,
            info.offset)
        {
            Type = chain.Type,
            IsMsixMappable = chain.IsMsixMappable,
        };
    }

    // The first capability of each kind counts. Kinds that Linux uses for memory of other platforms are skipped.
    private static Chain Follow(ReadOnlySpan<byte> answer, uint offset, ulong regionLength)
    {
        Chain chain = default;
        List<(ushort Id, uint Offset)> capabilities = InfoAnswer.FindCapabilities(answer, offset, out bool isWhole);
        foreach ((ushort id, uint at) in capabilities)
        {
            switch (id)
            {
                case VfioUapi.VFIO_REGION_INFO_CAP_SPARSE_MMAP:
                    chain.Areas ??= ReadSparseAreas(answer, at, regionLength);
                    break;
                case VfioUapi.VFIO_REGION_INFO_CAP_TYPE when InfoAnswer.TryRead(
                    answer, at, out VfioUapi.vfio_region_info_cap_type type):
                    chain.Type ??= new RegionType(type.type, type.subtype);
                    break;
                case VfioUapi.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE:
                    chain.IsMsixMappable = true;
                    break;
            }
        }

        // The list of areas that can be mapped may be incomplete, so nothing is mapped. The file descriptor reaches all
        // of the region.
        chain.Areas ??= isWhole ? null : [];
        return chain;
    }

    private static List<MappableArea> ReadSparseAreas(ReadOnlySpan<byte> answer, uint offset, ulong regionLength)
    {
        List<MappableArea> areas = [];
        if (!InfoAnswer.TryRead(answer, offset, out VfioUapi.vfio_region_info_cap_sparse_mmap capability))
        {
            return areas;
        }

        ulong at = (ulong)offset + (ulong)Unsafe.SizeOf<VfioUapi.vfio_region_info_cap_sparse_mmap>();
        for (uint i = 0;
            i < capability.nr_areas && InfoAnswer.TryRead(answer, at, out VfioUapi.vfio_region_sparse_mmap_area area);
            i++)
        {
            // Linux lists an area of length 0 if nothing of the region can be mapped.
            if (area.size != 0 && area.offset < regionLength && area.size <= regionLength - area.offset)
            {
                areas.Add(new MappableArea(area.offset, area.size));
            }

            at += (ulong)Unsafe.SizeOf<VfioUapi.vfio_region_sparse_mmap_area>();
        }

        areas.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        return areas;
    }

    private struct Chain
    {
        public List<MappableArea>? Areas;
        public RegionType? Type;
        public bool IsMsixMappable;
    }
}
