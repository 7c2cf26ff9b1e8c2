using System.Runtime.InteropServices;

namespace Vfio;

// Resets of a whole bus, and writes that an eventfd makes.
internal static partial class VfioUapi
{
    public const nuint VFIO_DEVICE_GET_PCI_HOT_RESET_INFO = 0x3b70;
    public const nuint VFIO_DEVICE_PCI_HOT_RESET = 0x3b71;
    public const nuint VFIO_DEVICE_IOEVENTFD = 0x3b74;

    public const uint VFIO_PCI_HOT_RESET_FLAG_DEV_ID = 1 << 0;
    public const uint VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED = 1 << 1;
    public const int VFIO_PCI_DEVID_OWNED = 0;
    public const int VFIO_PCI_DEVID_NOT_OWNED = -1;

    public const uint VFIO_DEVICE_IOEVENTFD_8 = 1 << 0;
    public const uint VFIO_DEVICE_IOEVENTFD_16 = 1 << 1;
    public const uint VFIO_DEVICE_IOEVENTFD_32 = 1 << 2;
    public const uint VFIO_DEVICE_IOEVENTFD_64 = 1 << 3;

    /// <summary>In C the first field is a union with <c>devid</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_pci_dependent_device
    {
        public uint group_id;
        public ushort segment;
        public byte bus;
        public byte devfn;
    }

    /// <summary>Followed in memory by <c>count</c> of <see cref="vfio_pci_dependent_device"/>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_pci_hot_reset_info
    {
        public uint argsz;
        public uint flags;
        public uint count;
    }

    /// <summary>Followed in memory by <c>count</c> descriptors of groups.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_pci_hot_reset
    {
        public uint argsz;
        public uint flags;
        public uint count;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_ioeventfd
    {
        public uint argsz;
        public uint flags;
        public ulong offset;
        public ulong data;
        public int fd;
        public uint reserved;
    }
}
