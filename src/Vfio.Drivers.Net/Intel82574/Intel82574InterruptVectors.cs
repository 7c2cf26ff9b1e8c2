using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>IVAR, the MSI-X vector of each cause (82574 datasheet 3.4, section 10.2.4).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574InterruptVectors : IRegisterValue<Intel82574InterruptVectors>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574InterruptVectors(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>RXQ0: the MSI-X vector of receive queue 0, 0 to 4.</summary>
    public int ReceiveQueue0Vector
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 3, (ulong)value);
    }

    /// <summary>RXQ0_VALID: receive queue 0: the vector is used.</summary>
    public bool IsReceiveQueue0Valid
    {
        get => RegisterBits.IsSet(Raw, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 3, value);
    }

    /// <summary>RXQ1: the MSI-X vector of receive queue 1, 0 to 4.</summary>
    public int ReceiveQueue1Vector
    {
        get => (int)RegisterBits.GetBits(Raw, 4, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, 3, (ulong)value);
    }

    /// <summary>RXQ1_VALID: receive queue 1: the vector is used.</summary>
    public bool IsReceiveQueue1Valid
    {
        get => RegisterBits.IsSet(Raw, 7);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 7, value);
    }

    /// <summary>TXQ0: the MSI-X vector of transmit queue 0, 0 to 4.</summary>
    public int TransmitQueue0Vector
    {
        get => (int)RegisterBits.GetBits(Raw, 8, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, 3, (ulong)value);
    }

    /// <summary>TXQ0_VALID: transmit queue 0: the vector is used.</summary>
    public bool IsTransmitQueue0Valid
    {
        get => RegisterBits.IsSet(Raw, 11);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 11, value);
    }

    /// <summary>TXQ1: the MSI-X vector of transmit queue 1, 0 to 4.</summary>
    public int TransmitQueue1Vector
    {
        get => (int)RegisterBits.GetBits(Raw, 12, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 12, 3, (ulong)value);
    }

    /// <summary>TXQ1_VALID: transmit queue 1: the vector is used.</summary>
    public bool IsTransmitQueue1Valid
    {
        get => RegisterBits.IsSet(Raw, 15);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 15, value);
    }

    /// <summary>OTHER: the MSI-X vector of all other causes, 0 to 4.</summary>
    public int OtherVector
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 3, (ulong)value);
    }

    /// <summary>OTHER_VALID: all other causes: the vector is used.</summary>
    public bool IsOtherValid
    {
        get => RegisterBits.IsSet(Raw, 19);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 19, value);
    }

    /// <summary>TX_INT_EVERY_WB: an interrupt at every write-back of a transmit descriptor.</summary>
    public bool InterruptsOnEveryWriteBack
    {
        get => RegisterBits.IsSet(Raw, 31);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 31, value);
    }

    ulong IRegisterValue<Intel82574InterruptVectors>.Raw => Raw;

    static Intel82574InterruptVectors IRegisterValue<Intel82574InterruptVectors>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("RXQ0", 0, 3, "MSI-X vector of receive queue 0"),
        new("RXQ0_VALID", 3, 1, "Receive queue 0: the vector is used"),
        new("RXQ1", 4, 3, "MSI-X vector of receive queue 1"),
        new("RXQ1_VALID", 7, 1, "Receive queue 1: the vector is used"),
        new("TXQ0", 8, 3, "MSI-X vector of transmit queue 0"),
        new("TXQ0_VALID", 11, 1, "Transmit queue 0: the vector is used"),
        new("TXQ1", 12, 3, "MSI-X vector of transmit queue 1"),
        new("TXQ1_VALID", 15, 1, "Transmit queue 1: the vector is used"),
        new("OTHER", 16, 3, "MSI-X vector of all other causes"),
        new("OTHER_VALID", 19, 1, "All other causes: the vector is used"),
        new("TX_INT_EVERY_WB", 31, 1, "An interrupt at every write-back of a transmit descriptor"),
    ];
}
