using System.Runtime.InteropServices;

namespace Vfio;

// A type1 container: mappings, and what it reports about itself.
internal static partial class VfioUapi
{
    public const int VFIO_NOIOMMU_IOMMU = 8;
    public const int VFIO_UNMAP_ALL = 9;

    public const nuint VFIO_IOMMU_GET_INFO = 0x3b70;
    public const nuint VFIO_IOMMU_MAP_DMA = 0x3b71;
    public const nuint VFIO_IOMMU_UNMAP_DMA = 0x3b72;
    public const nuint VFIO_IOMMU_DIRTY_PAGES = 0x3b75;

    public const uint VFIO_IOMMU_INFO_PGSIZES = 1 << 0;
    public const uint VFIO_IOMMU_INFO_CAPS = 1 << 1;

    public const ushort VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE = 1;
    public const ushort VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION = 2;
    public const ushort VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL = 3;

    public const uint VFIO_DMA_MAP_FLAG_READ = 1 << 0;
    public const uint VFIO_DMA_MAP_FLAG_WRITE = 1 << 1;

    public const uint VFIO_DMA_UNMAP_FLAG_ALL = 1 << 1;

    public const uint VFIO_IOMMU_DIRTY_PAGES_FLAG_START = 1 << 0;
    public const uint VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP = 1 << 1;
    public const uint VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP = 1 << 2;

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_info
    {
        public uint argsz;
        public uint flags;
        public ulong iova_pgsizes;
        public uint cap_offset;
        public uint pad;
    }

    /// <summary>Followed in memory by <c>nr_iovas</c> of <see cref="vfio_iova_range"/>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_info_cap_iova_range
    {
        public vfio_info_cap_header header;
        public uint nr_iovas;
        public uint reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iova_range
    {
        public ulong start;
        public ulong end;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_info_cap_migration
    {
        public vfio_info_cap_header header;
        public uint flags;
        public ulong pgsize_bitmap;
        public ulong max_dirty_bitmap_size;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_info_dma_avail
    {
        public vfio_info_cap_header header;
        public uint avail;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_dma_map
    {
        public uint argsz;
        public uint flags;
        public ulong vaddr;
        public ulong iova;
        public ulong size;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_dma_unmap
    {
        public uint argsz;
        public uint flags;
        public ulong iova;
        public ulong size;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_dirty_bitmap
    {
        public uint argsz;
        public uint flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct vfio_bitmap
    {
        public ulong pgsize;
        public ulong size;
        public ulong* data;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_iommu_type1_dirty_bitmap_get
    {
        public ulong iova;
        public ulong size;
        public vfio_bitmap bitmap;
    }
}
