namespace Vfio;

/// <summary>Why a broker refused a request or ended a connection. The numbers are the protocol's.</summary>
public enum BrokerRefusalCode : ushort
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
    NotBound = 5,

    /// <summary>Somebody else has the device.</summary>
    Busy = 6,

    /// <summary>Too many connections.</summary>
    TooMany = 7,

    /// <summary>The broker could not open the device.</summary>
    Failed = 8,

    /// <summary>The client asked nothing in time.</summary>
    Timeout = 9,
}
