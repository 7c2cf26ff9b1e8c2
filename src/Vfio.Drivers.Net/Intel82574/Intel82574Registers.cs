using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>
/// Defines the registers of Intel's 82574 in BAR0 (Intel 82574 GbE Controller Family Datasheet 3.4, section 10).
/// </summary>
/// <example>
/// <code>
/// using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
/// if (bar0.Read(Intel82574Registers.Status).IsLinkUp)
/// {
///     bar0.Write(Intel82574Registers.Control, bar0.Read(Intel82574Registers.Control) with { SetLinkUp = true });
/// }
/// </code>
/// </example>
public static class Intel82574Registers
{
    /// <summary>The number of receive rings, and of transmit rings.</summary>
    public const int RingCount = 2;

    /// <summary>The number of addresses that the receiver accepts.</summary>
    public const int ReceiveAddressCount = 16;

    private const uint RingStride = 0x100;
    private const uint AddressStride = 8;

    /// <summary>The names and fields of all registers in BAR0, for tools.</summary>
    public static RegisterMap Map { get; } = Intel82574Map.Make();

    /// <summary>CTRL: device control.</summary>
    public static Register<Intel82574Control> Control => new(0x0);

    /// <summary>STATUS: device status.</summary>
    public static Register<Intel82574Status> Status => new(0x8);

    /// <summary>EERD: NVM read.</summary>
    public static Register<Intel82574EepromRead> EepromRead => new(0x14);

    /// <summary>CTRL_EXT: extended device control.</summary>
    public static Register<Intel82574ExtendedControl> ExtendedControl => new(0x18);

    /// <summary>MDIC: access to the registers of the PHY.</summary>
    public static Register<Intel82574MdiControl> MdiControl => new(0x20);

    /// <summary>FCAL: the first four bytes of the address that pause frames go to; a plain register.</summary>
    public static Register<RawUInt32> FlowControlAddressLow => new(0x28);

    /// <summary>FCTTV: the pause time in units of 512 bit times.</summary>
    public static Register<RawUInt32> FlowControlTimer => new(0x170);

    /// <summary>ICR: the causes that occurred; reading clears it.</summary>
    public static Register<Intel82574Interrupts> InterruptCauses => new(0xc0);

    /// <summary>ITR: the minimum time between interrupts in units of 256 ns.</summary>
    public static Register<RawUInt32> InterruptThrottling => new(0xc4);

    /// <summary>ICS: sets causes.</summary>
    public static Register<Intel82574Interrupts> InterruptCausesSet => new(0xc8);

    /// <summary>IMS: which causes raise interrupts; writing adds to them.</summary>
    public static Register<Intel82574Interrupts> InterruptMaskSet => new(0xd0);

    /// <summary>IMC: writing removes causes from IMS.</summary>
    public static Register<Intel82574Interrupts> InterruptMaskClear => new(0xd8);

    /// <summary>EIAC: causes that an MSI-X message clears.</summary>
    public static Register<Intel82574Interrupts> InterruptAutoClear => new(0xdc);

    /// <summary>IAM: causes that ICR masks.</summary>
    public static Register<Intel82574Interrupts> InterruptAutoMask => new(0xe0);

    /// <summary>IVAR: the MSI-X vector of each cause.</summary>
    public static Register<Intel82574InterruptVectors> InterruptVectors => new(0xe4);

    /// <summary>RCTL: receive control.</summary>
    public static Register<Intel82574ReceiveControl> ReceiveControl => new(0x100);

    /// <summary>TCTL: transmit control.</summary>
    public static Register<Intel82574TransmitControl> TransmitControl => new(0x400);

    /// <summary>RDBAL: the lower half of a receive ring's IOVA; a multiple of 16.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> ReceiveRingAddressLow(int ring) =>
        At<RawUInt32>(0x2800, ring, RingCount, RingStride);

    /// <summary>RDBAH: the upper half of a receive ring's IOVA.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> ReceiveRingAddressHigh(int ring) =>
        At<RawUInt32>(0x2804, ring, RingCount, RingStride);

    /// <summary>RDLEN: a receive ring's length in bytes; a multiple of 128.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> ReceiveRingLength(int ring) =>
        At<RawUInt32>(0x2808, ring, RingCount, RingStride);

    /// <summary>RDH: the index of the descriptor that the device uses next.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> ReceiveHead(int ring) =>
        At<RawUInt32>(0x2810, ring, RingCount, RingStride);

    /// <summary>RDT: the index after the last descriptor that the device may use.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> ReceiveTail(int ring) =>
        At<RawUInt32>(0x2818, ring, RingCount, RingStride);

    /// <summary>RXDCTL: when receive descriptors are fetched and written back.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<Intel82574ReceiveDescriptorControl> ReceiveDescriptorControl(int ring) =>
        At<Intel82574ReceiveDescriptorControl>(0x2828, ring, RingCount, RingStride);

    /// <summary>TDBAL: the lower half of a transmit ring's IOVA; a multiple of 16.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> TransmitRingAddressLow(int ring) =>
        At<RawUInt32>(0x3800, ring, RingCount, RingStride);

    /// <summary>TDBAH: the upper half of a transmit ring's IOVA.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> TransmitRingAddressHigh(int ring) =>
        At<RawUInt32>(0x3804, ring, RingCount, RingStride);

    /// <summary>TDLEN: a transmit ring's length in bytes; a multiple of 128.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> TransmitRingLength(int ring) =>
        At<RawUInt32>(0x3808, ring, RingCount, RingStride);

    /// <summary>TDH: the index of the descriptor that the device uses next.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> TransmitHead(int ring) =>
        At<RawUInt32>(0x3810, ring, RingCount, RingStride);

    /// <summary>TDT: the index after the last descriptor that the device may use.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<RawUInt32> TransmitTail(int ring) =>
        At<RawUInt32>(0x3818, ring, RingCount, RingStride);

    /// <summary>TXDCTL: when transmit descriptors are fetched and written back.</summary>
    /// <param name="ring">The ring, 0 or 1.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such ring.</exception>
    public static Register<Intel82574TransmitDescriptorControl> TransmitDescriptorControl(int ring) =>
        At<Intel82574TransmitDescriptorControl>(0x3828, ring, RingCount, RingStride);

    /// <summary>RAL: the first four bytes of an address that is received, the first byte in the lower bits.</summary>
    /// <param name="index">The index of the address, 0 to 15; 0 is the device's own.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such address.</exception>
    public static Register<RawUInt32> ReceiveAddressLow(int index) =>
        At<RawUInt32>(0x5400, index, ReceiveAddressCount, AddressStride);

    /// <summary>RAH: the rest of an address that is received.</summary>
    /// <param name="index">The index of the address, 0 to 15; 0 is the device's own.</param>
    /// <returns>The register.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such address.</exception>
    public static Register<Intel82574ReceiveAddressHigh> ReceiveAddressHigh(int index) =>
        At<Intel82574ReceiveAddressHigh>(0x5404, index, ReceiveAddressCount, AddressStride);

    private static Register<T> At<T>(ulong offset, int index, int count, uint stride)
        where T : struct, IRegisterValue<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        return new Register<T>(offset).At((uint)index, stride);
    }
}
