namespace Vfio.Cli;

/// <summary>Whether VFIO may have a device.</summary>
internal enum NodeState
{
    /// <summary>Not asked: a root bus.</summary>
    None,

    /// <summary>From its driver, or as it is without one.</summary>
    CanBeTaken,
    Taken,

    /// <summary>The device could be used, were it not for another one of its group.</summary>
    Blocked,
    InUse,
    NoIommu,
    Bridge,
}
