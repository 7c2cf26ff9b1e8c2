using System.Runtime.InteropServices;

namespace Vfio;

// The capabilities that follow the structures of a device and of a region.
internal static partial class VfioUapi
{
    public const uint VFIO_DEVICE_FLAGS_CAPS = 1 << 7;

    public const ushort VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP = 5;
    public const uint VFIO_PCI_ATOMIC_COMP32 = 1 << 0;
    public const uint VFIO_PCI_ATOMIC_COMP64 = 1 << 1;
    public const uint VFIO_PCI_ATOMIC_COMP128 = 1 << 2;

    public const ushort VFIO_REGION_INFO_CAP_TYPE = 2;
    public const ushort VFIO_REGION_INFO_CAP_MSIX_MAPPABLE = 3;

    public const int VFIO_REGION_TYPE_PCI_VENDOR_TYPE = 1 << 31;
    public const uint VFIO_REGION_TYPE_PCI_VENDOR_MASK = 0xffff;

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_info_cap_pci_atomic_comp
    {
        public vfio_info_cap_header header;
        public uint flags;
        public uint reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_region_info_cap_type
    {
        public vfio_info_cap_header header;
        public uint type;
        public uint subtype;
    }
}
