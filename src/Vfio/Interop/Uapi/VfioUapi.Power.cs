using System.Runtime.InteropServices;

namespace Vfio;

// Low power of a device.
internal static partial class VfioUapi
{
    public const uint VFIO_DEVICE_FEATURE_MASK = 0xffff;
    public const uint VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY = 3;
    public const uint VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP = 4;
    public const uint VFIO_DEVICE_FEATURE_LOW_POWER_EXIT = 5;

    [StructLayout(LayoutKind.Sequential)]
    public struct vfio_device_low_power_entry_with_wakeup
    {
        public int wakeup_eventfd;
        public uint reserved;
    }
}
