namespace Vfio;

/// <summary>
/// What a VFIO device may offer beyond regions and interrupts, numbered as Linux 7.2 numbers them
/// (<c>VFIO_DEVICE_FEATURE_*</c> in <c>linux/vfio.h</c>). A number that is not among these can be asked for too, by a
/// cast: 0 to 65535.
/// </summary>
public enum DeviceFeature
{
    /// <summary>
    /// The secret that opens virtual functions; of physical functions
    /// (<see cref="VfioDevice.SetVirtualFunctionToken"/>).
    /// </summary>
    PciVfToken = 0,

    /// <summary>What its migration can do.</summary>
    Migration = 1,

    /// <summary>The state of its migration.</summary>
    MigDeviceState = 2,

    /// <summary>Lets it sleep (<see cref="VfioDevice.EnterLowPower"/>).</summary>
    LowPowerEntry = 3,

    /// <summary>Lets it sleep once, and tells when it wakes.</summary>
    LowPowerEntryWithWakeup = 4,

    /// <summary>Ends that it may sleep (<see cref="VfioDevice.ExitLowPower"/>).</summary>
    LowPowerExit = 5,

    /// <summary>Starts the device's own record of the memory it writes.</summary>
    DmaLoggingStart = 6,

    /// <summary>Ends that record.</summary>
    DmaLoggingStop = 7,

    /// <summary>Reads and clears that record.</summary>
    DmaLoggingReport = 8,

    /// <summary>How long what is left of a migration will be, in bytes.</summary>
    MigDataSize = 9,

    /// <summary>
    /// Whether it may use the bus. No PCI device has it: theirs is <see cref="VfioDevice.SetBusMaster"/>, in
    /// configuration space.
    /// </summary>
    BusMaster = 10,

    /// <summary>
    /// A file of a part of its memory, for other devices
    /// (<see cref="IoAddressSpace.Map(Region, ulong, ulong, DmaAccess, Iova?, string?, string, int)"/> uses it).
    /// </summary>
    DmaBuf = 11,

    /// <summary>A newer answer about a migration under way.</summary>
    MigPrecopyInfoV2 = 12,
}
