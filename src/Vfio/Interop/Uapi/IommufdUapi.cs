using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// linux/iommufd.h: the numbers and layouts used, under the kernel's names; the C compiler checks each
/// (tests/Vfio.Abi.Tests).
/// </summary>
internal static class IommufdUapi
{
    // _IO(';', 0x80 + n)
    public const nuint IOMMU_DESTROY = 0x3b80;
    public const nuint IOMMU_IOAS_ALLOC = 0x3b81;
    public const nuint IOMMU_IOAS_IOVA_RANGES = 0x3b84;
    public const nuint IOMMU_IOAS_MAP = 0x3b85;
    public const nuint IOMMU_IOAS_UNMAP = 0x3b86;
    public const nuint IOMMU_HWPT_ALLOC = 0x3b89;
    public const nuint IOMMU_HWPT_SET_DIRTY_TRACKING = 0x3b8b;
    public const nuint IOMMU_HWPT_GET_DIRTY_BITMAP = 0x3b8c;
    public const nuint IOMMU_IOAS_MAP_FILE = 0x3b8f;

    public const uint IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0;
    public const uint IOMMU_IOAS_MAP_WRITEABLE = 1 << 1;
    public const uint IOMMU_IOAS_MAP_READABLE = 1 << 2;

    public const uint IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1;
    public const uint IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1;

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_destroy
    {
        public uint size;
        public uint id;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_ioas_alloc
    {
        public uint size;
        public uint flags;
        public uint out_ioas_id;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_iova_range
    {
        public ulong start;
        public ulong last;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_ioas_iova_ranges
    {
        public uint size;
        public uint ioas_id;
        public uint num_iovas;
        public uint __reserved;
        public ulong allowed_iovas;
        public ulong out_iova_alignment;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_ioas_map
    {
        public uint size;
        public uint flags;
        public uint ioas_id;
        public uint __reserved;
        public ulong user_va;
        public ulong length;
        public ulong iova;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_ioas_map_file
    {
        public uint size;
        public uint flags;
        public uint ioas_id;
        public int fd;
        public ulong start;
        public ulong length;
        public ulong iova;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_ioas_unmap
    {
        public uint size;
        public uint ioas_id;
        public ulong iova;
        public ulong length;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_hwpt_alloc
    {
        public uint size;
        public uint flags;
        public uint dev_id;
        public uint pt_id;
        public uint out_hwpt_id;
        public uint __reserved;
        public uint data_type;
        public uint data_len;
        public ulong data_uptr;
        public uint fault_id;
        public uint __reserved2;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_hwpt_set_dirty_tracking
    {
        public uint size;
        public uint flags;
        public uint hwpt_id;
        public uint __reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iommu_hwpt_get_dirty_bitmap
    {
        public uint size;
        public uint hwpt_id;
        public uint flags;
        public uint __reserved;
        public ulong iova;
        public ulong length;
        public ulong page_size;
        public ulong data;
    }
}
