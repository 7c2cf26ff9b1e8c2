using System.Runtime.InteropServices;

namespace Vfio;

// A device's own node, and a device's features.
internal static partial class VfioUapi
{
    public const nuint VFIO_DEVICE_FEATURE = 0x3b75;
    public const nuint VFIO_DEVICE_BIND_IOMMUFD = 0x3b76;
    public const nuint VFIO_DEVICE_ATTACH_IOMMUFD_PT = 0x3b77;
    public const nuint VFIO_DEVICE_DETACH_IOMMUFD_PT = 0x3b78;

    public const uint VFIO_DEVICE_BIND_FLAG_TOKEN = 1 << 0;

    public const uint VFIO_DEVICE_FEATURE_GET = 1 << 16;
    public const uint VFIO_DEVICE_FEATURE_SET = 1 << 17;
    public const uint VFIO_DEVICE_FEATURE_PROBE = 1 << 18;
    public const uint VFIO_DEVICE_FEATURE_PCI_VF_TOKEN = 0;
    public const uint VFIO_DEVICE_FEATURE_DMA_BUF = 11;

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_bind_iommufd
    {
        public uint argsz;
        public uint flags;
        public int iommufd;
        public uint out_devid;
        public ulong token_uuid_ptr;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_attach_iommufd_pt
    {
        public uint argsz;
        public uint flags;
        public uint pt_id;
        public uint pasid;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_detach_iommufd_pt
    {
        public uint argsz;
        public uint flags;
        public uint pasid;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature
    {
        public uint argsz;
        public uint flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_region_dma_range
    {
        public ulong offset;
        public ulong length;
    }

    /// <summary>Followed in memory by <c>nr_ranges</c> of <see cref="vfio_region_dma_range"/>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature_dma_buf
    {
        public uint region_index;
        public uint open_flags;
        public uint flags;
        public uint nr_ranges;
    }
}
