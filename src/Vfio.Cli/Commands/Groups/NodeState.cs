namespace Vfio.Cli;

/// <summary>Specifies whether a device can be bound to VFIO.</summary>
internal enum NodeState
{
    /// <summary>Not applicable: a root bus.</summary>
    None,

    /// <summary>The device can be bound, whether it has a driver or not.</summary>
    CanBeTaken,
    Taken,

    /// <summary>The device could be used if another device of its group did not block it.</summary>
    Blocked,
    InUse,
    NoIommu,
    Bridge,
}
