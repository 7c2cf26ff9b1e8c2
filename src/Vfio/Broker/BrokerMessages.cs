using Vfio.Pci;

namespace Vfio;

internal enum BrokerMessageType : ushort
{
    /// <summary>From the client: opens a device.</summary>
    Open = 1,

    /// <summary>
    /// From the broker: the descriptors, first that of the device or group, then that of the iommufd or container.
    /// </summary>
    Granted = 2,

    /// <summary>From the broker: a refusal with its reason.</summary>
    Refused = 3,
}

/// <summary>Represents a client's request.</summary>
internal readonly record struct BrokerRequest(PciAddress Address, BrokerBackend Backend);

/// <summary>Represents what the broker sends together with the descriptors.</summary>
internal readonly record struct BrokerGrant(BrokerBackend Backend, int Group);

/// <summary>Represents what the broker sends instead of descriptors.</summary>
internal sealed record BrokerRefusal(BrokerRefusalCode Code, string Reason);
