namespace Vfio;

/// <summary>
/// Specifies why a broker refused a request or ended a connection. The values are those of the protocol.
/// </summary>
public enum BrokerRefusalCode : ushort
{
    /// <summary>The message does not conform to the protocol.</summary>
    Malformed = 1,

    /// <summary>The broker does not support the version of the message.</summary>
    Version = 2,

    /// <summary>The policy does not allow it.</summary>
    NotAllowed = 3,

    /// <summary>There is no such device.</summary>
    NoDevice = 4,

    /// <summary>The device is not bound to a VFIO driver, or is not behind an IOMMU.</summary>
    NotBound = 5,

    /// <summary>Another process has the device open.</summary>
    Busy = 6,

    /// <summary>Too many connections.</summary>
    TooMany = 7,

    /// <summary>The broker could not open the device.</summary>
    Failed = 8,

    /// <summary>The client made no request in time.</summary>
    Timeout = 9,
}
