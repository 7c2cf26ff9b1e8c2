namespace Vfio.Drivers.Nvme;

/// <summary>
/// Specifies the shutdown notification of the host to the controller, in
/// <see cref="NvmeConfiguration.ShutdownNotification"/> (NVM Express Base Specification 2.1, section 3.1.4.5).
/// </summary>
public enum NvmeShutdownNotification
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A normal shutdown: caches are written back.</summary>
    Normal = 1,

    /// <summary>An abrupt shutdown: power goes at once.</summary>
    Abrupt = 2,
}
