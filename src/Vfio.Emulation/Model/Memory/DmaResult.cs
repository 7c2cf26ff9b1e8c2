namespace Vfio.Emulation;

/// <summary>How a transfer between a model and the driver's memory ended.</summary>
public enum DmaResult
{
    /// <summary>All bytes were moved.</summary>
    Completed = 0,

    /// <summary>The driver has not let the device onto the bus (bus master enable, bit 2 of the command register), or it sleeps (D3hot). Nothing was moved.</summary>
    BusMasterDisabled = 1,

    /// <summary>Some byte lies where the driver has mapped nothing. Nothing was moved.</summary>
    NotMapped = 2,

    /// <summary>Some byte lies where the driver has allowed only the other direction. Nothing was moved.</summary>
    NotPermitted = 3,

    /// <summary>Nobody has the device open, or it was removed. Nothing was moved.</summary>
    NoClient = 4,
}
