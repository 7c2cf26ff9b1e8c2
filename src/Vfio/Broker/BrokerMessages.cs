using Vfio.Pci;

namespace Vfio;

internal enum BrokerMessageType : ushort
{
    /// <summary>Client: open this device for me.</summary>
    Open = 1,

    /// <summary>
    /// Broker: here are its descriptors, the device's or group's first, then the iommufd or container.
    /// </summary>
    Granted = 2,

    /// <summary>Broker: no, and why.</summary>
    Refused = 3,
}

/// <summary>What a client asks.</summary>
internal readonly record struct BrokerRequest(PciAddress Address, BrokerBackend Backend);

/// <summary>What comes with the descriptors.</summary>
internal readonly record struct BrokerGrant(BrokerBackend Backend, int Group);

/// <summary>What comes in their place.</summary>
internal sealed record BrokerRefusal(BrokerRefusalCode Code, string Reason);
