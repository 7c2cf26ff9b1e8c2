using System.Runtime.InteropServices;

namespace Vfio;

// Migration of a device's state, and dirty tracking by the device.
internal static partial class VfioUapi
{
    public const uint VFIO_DEVICE_FEATURE_MIGRATION = 1;
    public const uint VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE = 2;
    public const uint VFIO_DEVICE_FEATURE_DMA_LOGGING_START = 6;
    public const uint VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP = 7;
    public const uint VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT = 8;
    public const uint VFIO_DEVICE_FEATURE_MIG_DATA_SIZE = 9;
    public const uint VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 = 12;

    public const nuint VFIO_MIG_GET_PRECOPY_INFO = 0x3b79;

    public const ulong VFIO_MIGRATION_STOP_COPY = 1 << 0;
    public const ulong VFIO_MIGRATION_P2P = 1 << 1;
    public const ulong VFIO_MIGRATION_PRE_COPY = 1 << 2;

    public const uint VFIO_DEVICE_STATE_ERROR = 0;
    public const uint VFIO_DEVICE_STATE_STOP = 1;
    public const uint VFIO_DEVICE_STATE_RUNNING = 2;
    public const uint VFIO_DEVICE_STATE_STOP_COPY = 3;
    public const uint VFIO_DEVICE_STATE_RESUMING = 4;
    public const uint VFIO_DEVICE_STATE_RUNNING_P2P = 5;
    public const uint VFIO_DEVICE_STATE_PRE_COPY = 6;
    public const uint VFIO_DEVICE_STATE_PRE_COPY_P2P = 7;

    public const uint VFIO_PRECOPY_INFO_REINIT = 1 << 0;

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature_migration
    {
        public ulong flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature_mig_state
    {
        public uint device_state;
        public int data_fd;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature_mig_data_size
    {
        public ulong stop_copy_length;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_precopy_info
    {
        public uint argsz;
        public uint flags;
        public ulong initial_bytes;
        public ulong dirty_bytes;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature_dma_logging_control
    {
        public ulong page_size;
        public uint num_ranges;
        public uint __reserved;
        public ulong ranges;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature_dma_logging_range
    {
        public ulong iova;
        public ulong length;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_feature_dma_logging_report
    {
        public ulong iova;
        public ulong length;
        public ulong page_size;
        public ulong bitmap;
    }
}
