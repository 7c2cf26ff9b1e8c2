namespace Vfio;

/// <summary>
/// Specifies what must change so that a failed operation works, for programs that help with it.
/// <see cref="VfioException.Hint"/> says it in words.
/// </summary>
public enum VfioErrorReason
{
    /// <summary>Another reason, which the message gives.</summary>
    Other,

    /// <summary>The host has no device at this address.</summary>
    DeviceNotFound,

    /// <summary>The device (<see cref="VfioException.Device"/>) is not bound to a VFIO driver.</summary>
    NotBound,

    /// <summary>
    /// Another device in the IOMMU group of the device (<see cref="VfioException.Device"/>) is bound to a driver of the
    /// host.
    /// </summary>
    GroupNotViable,

    /// <summary>
    /// This user cannot open a node. <see cref="VfioException.Device"/> is the device, if the node is its own or that
    /// of its group.
    /// </summary>
    AccessDenied,

    /// <summary>This user cannot open <c>/dev/iommu</c>.</summary>
    IommufdDenied,

    /// <summary>A node does not exist: the kernel does not support it, or its module is not loaded.</summary>
    NodeMissing,

    /// <summary>
    /// A node exists but cannot be used: in a container, it belongs to another device, or the container may not open
    /// it.
    /// </summary>
    NodeUnusable,

    /// <summary>
    /// Another program, or another client of the broker, has the device (<see cref="VfioException.Device"/>) or its
    /// group open.
    /// </summary>
    Busy,

    /// <summary>The broker's policy does not allow it.</summary>
    NotAllowedByBroker,

    /// <summary>No broker listens at the socket.</summary>
    NoBroker,

    /// <summary>The device (<see cref="VfioException.Device"/>) is bound, but the broker cannot open it.</summary>
    NotBoundForBroker,
}
