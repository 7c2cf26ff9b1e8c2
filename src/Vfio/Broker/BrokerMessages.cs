using Vfio.Pci;

namespace Vfio;

internal enum BrokerMessageType : ushort
{
    /// <summary>Client: open this device for me.</summary>
    Open = 1,

    /// <summary>Broker: here are its descriptors, the device's or group's first, then the iommufd or container.</summary>
    Granted = 2,

    /// <summary>Broker: no, and why.</summary>
    Refused = 3,
}

/// <summary>By which nodes a device is opened.</summary>
internal enum BrokerBackend : byte
{
    /// <summary>The device's own node if there is one and the policy allows it, else the group's.</summary>
    Any = 0,

    /// <summary><c>/dev/vfio/devices/vfioN</c> and <c>/dev/iommu</c>.</summary>
    Iommufd = 1,

    /// <summary><c>/dev/vfio/N</c> and <c>/dev/vfio/vfio</c>.</summary>
    Group = 2,
}

/// <summary>Why a request was refused, for programs; the reason beside it is for people.</summary>
internal enum BrokerRefusalCode : ushort
{
    /// <summary>The message is not as the protocol wants it.</summary>
    Malformed = 1,

    /// <summary>The message has a version that the broker does not know.</summary>
    Version = 2,

    /// <summary>The policy does not allow it.</summary>
    NotAllowed = 3,

    /// <summary>There is no such device.</summary>
    NoDevice = 4,

    /// <summary>No VFIO driver has the device, or no IOMMU is in front of it.</summary>
    NotTaken = 5,

    /// <summary>Somebody else has the device.</summary>
    Busy = 6,

    /// <summary>Too many connections.</summary>
    TooMany = 7,

    /// <summary>The broker could not open the device.</summary>
    Failed = 8,

    /// <summary>The client asked nothing in time.</summary>
    TooLate = 9,
}

/// <summary>What a client asks.</summary>
internal readonly record struct BrokerRequest(PciAddress Address, BrokerBackend Backend);

/// <summary>What comes with the descriptors.</summary>
internal readonly record struct BrokerGrant(BrokerBackend Backend, int Group);

/// <summary>What comes in their place.</summary>
internal sealed record BrokerRefusal(BrokerRefusalCode Code, string Reason);
