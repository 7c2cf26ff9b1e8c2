namespace Vfio.Drivers.Nvme;

/// <summary>
/// How far a shutdown is, in <see cref="NvmeStatus.ShutdownStatus"/> (NVM Express Base Specification 2.1, section
/// 3.1.4.6).
/// </summary>
public enum NvmeShutdownStatus
{
    /// <summary>No shutdown was asked for.</summary>
    Normal = 0,

    /// <summary>The controller shuts down.</summary>
    Occurring = 1,

    /// <summary>The controller is shut down.</summary>
    Complete = 2,
}
