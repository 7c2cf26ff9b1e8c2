using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Controls the low power of a device that the kernel manages (VFIO_DEVICE_FEATURE_LOW_POWER_*).</summary>
internal static class LowPower
{
    /// <summary>
    /// Allows the kernel to suspend the device; with an eventfd, once, and the eventfd is signalled when it wakes.
    /// </summary>
    public static void EnterLowPower(this IDeviceBackend device, SafeFileHandle? wakeUp, string subject)
    {
        if (wakeUp is null)
        {
            Check(
                "VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY",
                subject,
                Set(device, "VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY", VfioUapi.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, []));
            return;
        }

        const string Name = "VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP";
        using HandleUse use = new(wakeUp);
        Span<byte> data = stackalloc byte[Unsafe.SizeOf<VfioUapi.vfio_device_low_power_entry_with_wakeup>()];
        VfioUapi.vfio_device_low_power_entry_with_wakeup entry = new() { wakeup_eventfd = use.Number };
        MemoryMarshal.Write(data, in entry);
        Check(Name, subject, Set(device, Name, VfioUapi.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP, data));
    }

    /// <summary>Wakes the device.</summary>
    public static void ExitLowPower(this IDeviceBackend device, string subject) => Check(
        "VFIO_DEVICE_FEATURE_LOW_POWER_EXIT",
        subject,
        Set(device, "VFIO_DEVICE_FEATURE_LOW_POWER_EXIT", VfioUapi.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, []));

    private static int Set(IDeviceBackend device, string name, uint feature, Span<byte> data) =>
        device.CallFeature(name, VfioUapi.VFIO_DEVICE_FEATURE_SET | feature, data, out _);

    private static void Check(string name, string subject, int errno)
    {
        if (errno != 0)
        {
            throw new VfioException(name, subject, errno, errno switch
            {
                Errno.EINVAL => "the device is already in low power",
                Errno.ENOTTY => "a device model supports only SetPowerState; with the kernel, this needs Linux 6.1",
                _ => null,
            });
        }
    }
}
