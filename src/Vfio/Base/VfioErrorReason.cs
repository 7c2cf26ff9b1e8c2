namespace Vfio;

/// <summary>
/// What has to change so that a failed step works: for programs that help with it. <see cref="VfioException.Hint"/>
/// says it in words.
/// </summary>
public enum VfioErrorReason
{
    /// <summary>Anything else: the message says it.</summary>
    Other,

    /// <summary>The host has no device of this address.</summary>
    DeviceNotFound,

    /// <summary>No VFIO driver has the device (<see cref="VfioException.Device"/>): it is to be bound to one.</summary>
    NotBound,

    /// <summary>
    /// Another device in the IOMMU group of the device (<see cref="VfioException.Device"/>) belongs to a driver of the
    /// host's.
    /// </summary>
    GroupNotViable,

    /// <summary>
    /// A node is not this user's to open. <see cref="VfioException.Device"/> is the device where the node is one's own
    /// or its group's.
    /// </summary>
    AccessDenied,

    /// <summary><c>/dev/iommu</c> is not this user's to open.</summary>
    IommufdDenied,

    /// <summary>A node is not there: the kernel has no such thing, or its module is not loaded.</summary>
    NodeMissing,

    /// <summary>A node is there and cannot be used: a container has another device's, or may not open it.</summary>
    NodeUnusable,

    /// <summary>
    /// Another program, or another client of the broker, has the device (<see cref="VfioException.Device"/>) or its
    /// group.
    /// </summary>
    Busy,

    /// <summary>The broker's policy does not allow it.</summary>
    NotAllowedByBroker,

    /// <summary>No broker listens at the socket.</summary>
    NoBroker,

    /// <summary>
    /// The device (<see cref="VfioException.Device"/>) is bound, but not so that the broker may open it.
    /// </summary>
    NotBoundForBroker,
}
