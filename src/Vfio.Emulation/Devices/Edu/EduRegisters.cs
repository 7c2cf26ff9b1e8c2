using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Defines the registers of QEMU's edu device in BAR0 (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).
/// </summary>
/// <remarks>Below offset 80h, only accesses of 4 bytes are allowed.</remarks>
public static class EduRegisters
{
    /// <summary>The vendor ID.</summary>
    public const ushort VendorId = 0x1234;

    /// <summary>The device ID.</summary>
    public const ushort DeviceId = 0x11e8;

    /// <summary>The DMA address of the device's own buffer, which is not visible in BAR0.</summary>
    public const ulong BufferAddress = 0x40000;

    /// <summary>The length of the device's own buffer in bytes.</summary>
    public const int BufferLength = 4096;

    /// <summary>Gets the names and fields of all registers in BAR0, for tools.</summary>
    public static RegisterMap Map { get; } = new(
        "QEMU edu", "QEMU documentation, 'EDU device' (docs/specs/edu)", RegionIndex.Bar0,
        [
            new("ID", 0x0, 4, "Identification", RegisterAccess.ReadOnly, EduIdentification.Fields),
            new(
                "LIVENESS",
                0x4,
                4,
                "Liveness check: reads as the complement of the value written",
                RegisterAccess.WriteHasSideEffects,
                []),
            new("FACTORIAL", 0x8, 4, "Write a number, read its factorial", RegisterAccess.WriteHasSideEffects, []),
            new("STATUS", 0x20, 4, "Status", RegisterAccess.ReadWrite, EduStatus.Fields),
            new("IRQ_STATUS", 0x24, 4, "What raised the interrupt", RegisterAccess.ReadOnly, EduInterrupts.Fields),
            new("IRQ_RAISE", 0x60, 4, "Raise the interrupt", RegisterAccess.WriteOnly, EduInterrupts.Fields),
            new("IRQ_ACK", 0x64, 4, "Acknowledge the interrupt", RegisterAccess.WriteOnly, EduInterrupts.Fields),
            new("DMA_SRC", 0x80, 8, "DMA: source address"),
            new("DMA_DST", 0x88, 8, "DMA: destination address"),
            new("DMA_COUNT", 0x90, 8, "DMA: number of bytes"),
            new("DMA_CMD", 0x98, 8, "DMA: command", RegisterAccess.WriteHasSideEffects, EduDmaCommand.Fields),
        ]);

    /// <summary>Gets the identification register: the kind of device and its version.</summary>
    public static Register<EduIdentification> Identification => new(0x0);

    /// <summary>Gets the liveness register, which reads as the complement of the value written.</summary>
    public static Register<RawUInt32> Liveness => new(0x4);

    /// <summary>
    /// Gets the factorial register: write a number, and read the low 32 bits of its factorial once <see cref="Status"/>
    /// reports that it is computed.
    /// </summary>
    public static Register<RawUInt32> Factorial => new(0x8);

    /// <summary>Gets the status register, which reports whether the factorial is being computed.</summary>
    public static Register<EduStatus> Status => new(0x20);

    /// <summary>Gets the register with the reasons that raised the interrupt.</summary>
    public static Register<EduInterrupts> InterruptStatus => new(0x24);

    /// <summary>Gets the register that raises the interrupt for the bits written.</summary>
    public static Register<EduInterrupts> InterruptRaise => new(0x60);

    /// <summary>Gets the register that clears the bits written from <see cref="InterruptStatus"/>.</summary>
    public static Register<EduInterrupts> InterruptAcknowledge => new(0x64);

    /// <summary>
    /// Gets the source of a transfer: an IOVA, or an address in the buffer. The device reaches 28 bits of addresses.
    /// </summary>
    public static Register<RawUInt64> DmaSource => new(0x80);

    /// <summary>Gets the destination of a transfer: an IOVA, or an address in the buffer.</summary>
    public static Register<RawUInt64> DmaDestination => new(0x88);

    /// <summary>Gets the number of bytes of a transfer, at most the length of the buffer.</summary>
    public static Register<RawUInt64> DmaCount => new(0x90);

    /// <summary>Gets the command register, which starts a transfer.</summary>
    public static Register<EduDmaCommand> DmaCommand => new(0x98);
}
