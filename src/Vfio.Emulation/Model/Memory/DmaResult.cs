namespace Vfio.Emulation;

/// <summary>Specifies the result of a transfer between a device model and the driver's memory.</summary>
public enum DmaResult
{
    /// <summary>All bytes were copied.</summary>
    Completed = 0,

    /// <summary>
    /// Bus mastering is disabled (bit 2 of the command register), or the device is suspended (D3hot). Nothing was
    /// copied.
    /// </summary>
    BusMasterDisabled = 1,

    /// <summary>A byte is at an address that the driver has not mapped. Nothing was copied.</summary>
    NotMapped = 2,

    /// <summary>
    /// A byte is at an address for which the driver has permitted only the other direction. Nothing was copied.
    /// </summary>
    NotPermitted = 3,

    /// <summary>No driver has the device open, or the device was removed. Nothing was copied.</summary>
    NoClient = 4,
}
