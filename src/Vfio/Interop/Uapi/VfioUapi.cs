using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// linux/vfio.h: the numbers and layouts used, under the kernel's names; the C compiler checks each
/// (tests/Vfio.Abi.Tests).
/// </summary>
internal static partial class VfioUapi
{
    public const int VFIO_API_VERSION = 0;
    public const int VFIO_TYPE1_IOMMU = 1;
    public const int VFIO_TYPE1v2_IOMMU = 3;

    // _IO(';', 100 + n)
    public const nuint VFIO_GET_API_VERSION = 0x3b64;
    public const nuint VFIO_CHECK_EXTENSION = 0x3b65;
    public const nuint VFIO_SET_IOMMU = 0x3b66;
    public const nuint VFIO_GROUP_GET_STATUS = 0x3b67;
    public const nuint VFIO_GROUP_SET_CONTAINER = 0x3b68;
    public const nuint VFIO_GROUP_GET_DEVICE_FD = 0x3b6a;
    public const nuint VFIO_DEVICE_GET_INFO = 0x3b6b;
    public const nuint VFIO_DEVICE_GET_REGION_INFO = 0x3b6c;
    public const nuint VFIO_DEVICE_RESET = 0x3b6f;

    public const uint VFIO_GROUP_FLAGS_VIABLE = 1 << 0;

    public const uint VFIO_DEVICE_FLAGS_RESET = 1 << 0;

    public const uint VFIO_REGION_INFO_FLAG_READ = 1 << 0;
    public const uint VFIO_REGION_INFO_FLAG_WRITE = 1 << 1;
    public const uint VFIO_REGION_INFO_FLAG_MMAP = 1 << 2;
    public const uint VFIO_REGION_INFO_FLAG_CAPS = 1 << 3;

    public const ushort VFIO_REGION_INFO_CAP_SPARSE_MMAP = 1;

    public const uint VFIO_PCI_BAR0_REGION_INDEX = 0;
    public const uint VFIO_PCI_BAR5_REGION_INDEX = 5;
    public const uint VFIO_PCI_ROM_REGION_INDEX = 6;
    public const uint VFIO_PCI_CONFIG_REGION_INDEX = 7;
    public const uint VFIO_PCI_VGA_REGION_INDEX = 8;

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_group_status
    {
        public uint argsz;
        public uint flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_info
    {
        public uint argsz;
        public uint flags;
        public uint num_regions;
        public uint num_irqs;
        public uint cap_offset;
        public uint pad;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_region_info
    {
        public uint argsz;
        public uint flags;
        public uint index;
        public uint cap_offset;
        public ulong size;
        public ulong offset;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_info_cap_header
    {
        public ushort id;
        public ushort version;
        public uint next;
    }

    /// <summary>Followed in memory by <c>nr_areas</c> of <see cref="vfio_region_sparse_mmap_area"/>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_region_info_cap_sparse_mmap
    {
        public vfio_info_cap_header header;
        public uint nr_areas;
        public uint reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_region_sparse_mmap_area
    {
        public ulong offset;
        public ulong size;
    }
}
