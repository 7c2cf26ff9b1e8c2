using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>
/// The causes of interrupts, in ICR, ICS, IMS, IMC, IAM and EIAC (82574 datasheet 3.4, section 10.2.4).
/// </summary>
public readonly record struct Intel82574Interrupts : IRegisterValue<Intel82574Interrupts>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574Interrupts(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>TXDW: transmit descriptor written back.</summary>
    public bool TransmitDescriptorWrittenBack
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>TXQE: transmit queue empty.</summary>
    public bool TransmitQueueEmpty
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>LSC: link status changed.</summary>
    public bool LinkStatusChanged
    {
        get => RegisterBits.IsSet(Raw, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 2, value);
    }

    /// <summary>RXDMT0: few receive descriptors are left.</summary>
    public bool ReceiveDescriptorsLow
    {
        get => RegisterBits.IsSet(Raw, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, value);
    }

    /// <summary>RXO: receiver overrun.</summary>
    public bool ReceiverOverrun
    {
        get => RegisterBits.IsSet(Raw, 6);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 6, value);
    }

    /// <summary>RXT0: receive timer expired: frames have arrived.</summary>
    public bool ReceiveTimerExpired
    {
        get => RegisterBits.IsSet(Raw, 7);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 7, value);
    }

    /// <summary>MDAC: MDI access complete.</summary>
    public bool MdiAccessComplete
    {
        get => RegisterBits.IsSet(Raw, 9);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 9, value);
    }

    /// <summary>TXD_LOW: few transmit descriptors are left to do.</summary>
    public bool TransmitDescriptorsLow
    {
        get => RegisterBits.IsSet(Raw, 15);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 15, value);
    }

    /// <summary>SRPD: small packet received.</summary>
    public bool SmallPacketReceived
    {
        get => RegisterBits.IsSet(Raw, 16);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, value);
    }

    /// <summary>ACK: TCP ACK frame received.</summary>
    public bool AckReceived
    {
        get => RegisterBits.IsSet(Raw, 17);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 17, value);
    }

    /// <summary>MNG: manageability event.</summary>
    public bool ManageabilityEvent
    {
        get => RegisterBits.IsSet(Raw, 18);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 18, value);
    }

    /// <summary>RXQ0: receive queue 0.</summary>
    public bool ReceiveQueue0
    {
        get => RegisterBits.IsSet(Raw, 20);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 20, value);
    }

    /// <summary>RXQ1: receive queue 1.</summary>
    public bool ReceiveQueue1
    {
        get => RegisterBits.IsSet(Raw, 21);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 21, value);
    }

    /// <summary>TXQ0: transmit queue 0.</summary>
    public bool TransmitQueue0
    {
        get => RegisterBits.IsSet(Raw, 22);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 22, value);
    }

    /// <summary>TXQ1: transmit queue 1.</summary>
    public bool TransmitQueue1
    {
        get => RegisterBits.IsSet(Raw, 23);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 23, value);
    }

    /// <summary>OTHER: any other cause.</summary>
    public bool Other
    {
        get => RegisterBits.IsSet(Raw, 24);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 24, value);
    }

    /// <summary>INT_ASSERTED: the device asserts its interrupt.</summary>
    public bool IsAsserted
    {
        get => RegisterBits.IsSet(Raw, 31);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 31, value);
    }

    ulong IRegisterValue<Intel82574Interrupts>.Raw => Raw;

    static Intel82574Interrupts IRegisterValue<Intel82574Interrupts>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("TXDW", 0, 1, "Transmit descriptor written back"),
        new("TXQE", 1, 1, "Transmit queue empty"),
        new("LSC", 2, 1, "Link status changed"),
        new("RXDMT0", 4, 1, "Few receive descriptors are left"),
        new("RXO", 6, 1, "Receiver overrun"),
        new("RXT0", 7, 1, "Receive timer expired: frames have arrived"),
        new("MDAC", 9, 1, "MDI access complete"),
        new("TXD_LOW", 15, 1, "Few transmit descriptors are left to do"),
        new("SRPD", 16, 1, "Small packet received"),
        new("ACK", 17, 1, "TCP ACK frame received"),
        new("MNG", 18, 1, "Manageability event"),
        new("RXQ0", 20, 1, "Receive queue 0"),
        new("RXQ1", 21, 1, "Receive queue 1"),
        new("TXQ0", 22, 1, "Transmit queue 0"),
        new("TXQ1", 23, 1, "Transmit queue 1"),
        new("OTHER", 24, 1, "Any other cause"),
        new("INT_ASSERTED", 31, 1, "The device asserts its interrupt"),
    ];
}
