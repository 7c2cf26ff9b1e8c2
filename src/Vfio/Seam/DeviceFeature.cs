namespace Vfio;

/// <summary>
/// Specifies the features that a VFIO device can have beyond regions and interrupts. The values are those of Linux 7.2
/// (<c>VFIO_DEVICE_FEATURE_*</c> in <c>linux/vfio.h</c>). Other numbers, 0 to 65535, can be used with a cast.
/// </summary>
public enum DeviceFeature
{
    /// <summary>
    /// The token for opening virtual functions; for physical functions
    /// (<see cref="VfioDevice.SetVirtualFunctionToken"/>).
    /// </summary>
    PciVfToken = 0,

    /// <summary>What the migration of the device supports.</summary>
    Migration = 1,

    /// <summary>The migration state of the device.</summary>
    MigDeviceState = 2,

    /// <summary>Allows the kernel to suspend the device (<see cref="VfioDevice.EnterLowPower"/>).</summary>
    LowPowerEntry = 3,

    /// <summary>Allows the kernel to suspend the device once, and signals when it wakes.</summary>
    LowPowerEntryWithWakeup = 4,

    /// <summary>Ends low power (<see cref="VfioDevice.ExitLowPower"/>).</summary>
    LowPowerExit = 5,

    /// <summary>Starts dirty tracking by the device.</summary>
    DmaLoggingStart = 6,

    /// <summary>Stops dirty tracking by the device.</summary>
    DmaLoggingStop = 7,

    /// <summary>Reads and clears the dirty pages.</summary>
    DmaLoggingReport = 8,

    /// <summary>The expected length of the remaining migration data, in bytes.</summary>
    MigDataSize = 9,

    /// <summary>
    /// Whether bus mastering is enabled. No PCI device has this feature; use <see cref="VfioDevice.SetBusMaster"/>,
    /// which uses configuration space.
    /// </summary>
    BusMaster = 10,

    /// <summary>
    /// A file of a part of the device's memory, for other devices
    /// (<see cref="IoAddressSpace.Map(Region, ulong, ulong, DmaAccess, Iova?, string?, string, int)"/> uses it).
    /// </summary>
    DmaBuf = 11,

    /// <summary>A newer version of the pre-copy information.</summary>
    MigPrecopyInfoV2 = 12,
}
