using System.Runtime.InteropServices;

namespace Vfio;

// A device's interrupts.
internal static partial class VfioUapi
{
    public const nuint VFIO_DEVICE_GET_IRQ_INFO = 0x3b6d;
    public const nuint VFIO_DEVICE_SET_IRQS = 0x3b6e;

    public const uint VFIO_IRQ_INFO_EVENTFD = 1 << 0;
    public const uint VFIO_IRQ_INFO_MASKABLE = 1 << 1;
    public const uint VFIO_IRQ_INFO_AUTOMASKED = 1 << 2;
    public const uint VFIO_IRQ_INFO_NORESIZE = 1 << 3;

    public const uint VFIO_IRQ_SET_DATA_NONE = 1 << 0;
    public const uint VFIO_IRQ_SET_DATA_EVENTFD = 1 << 2;
    public const uint VFIO_IRQ_SET_ACTION_MASK = 1 << 3;
    public const uint VFIO_IRQ_SET_ACTION_UNMASK = 1 << 4;
    public const uint VFIO_IRQ_SET_ACTION_TRIGGER = 1 << 5;

    public const uint VFIO_PCI_INTX_IRQ_INDEX = 0;
    public const uint VFIO_PCI_MSI_IRQ_INDEX = 1;
    public const uint VFIO_PCI_MSIX_IRQ_INDEX = 2;
    public const uint VFIO_PCI_ERR_IRQ_INDEX = 3;
    public const uint VFIO_PCI_REQ_IRQ_INDEX = 4;

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_irq_info
    {
        public uint argsz;
        public uint flags;
        public uint index;
        public uint count;
    }

    /// <summary>Followed in memory by <c>count</c> bytes or descriptors.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_irq_set
    {
        public uint argsz;
        public uint flags;
        public uint index;
        public uint start;
        public uint count;
    }
}
