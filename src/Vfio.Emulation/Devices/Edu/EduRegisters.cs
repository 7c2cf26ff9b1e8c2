using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>Where the registers of QEMU's edu device lie in BAR0 (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).</summary>
/// <remarks>Below 80h only accesses of 4 bytes are allowed.</remarks>
public static class EduRegisters
{
    /// <summary>The vendor id.</summary>
    public const ushort VendorId = 0x1234;

    /// <summary>The device id.</summary>
    public const ushort DeviceId = 0x11e8;

    /// <summary>Where the device's own buffer lies for DMA; nothing of it is in BAR0.</summary>
    public const ulong BufferAddress = 0x40000;

    /// <summary>The length of the device's own buffer in bytes.</summary>
    public const int BufferLength = 4096;

    /// <summary>The names and fields of all registers in BAR0, for tools. Made at the first use.</summary>
    public static RegisterMap Map { get; } = new("QEMU edu", "QEMU documentation, 'EDU device' (docs/specs/edu)", RegionIndex.Bar0,
    [
        new("ID", 0x0, 4, "Identification", RegisterAccess.ReadOnly, EduIdentification.Fields),
        new("LIVENESS", 0x4, 4, "Liveness check: reads the complement of what was written", RegisterAccess.WriteHasSideEffects, []),
        new("FACTORIAL", 0x8, 4, "Write a number, read its factorial", RegisterAccess.WriteHasSideEffects, []),
        new("STATUS", 0x20, 4, "Status", RegisterAccess.ReadWrite, EduStatus.Fields),
        new("IRQ_STATUS", 0x24, 4, "What raised the interrupt", RegisterAccess.ReadOnly, EduInterrupts.Fields),
        new("IRQ_RAISE", 0x60, 4, "Raise the interrupt", RegisterAccess.WriteOnly, EduInterrupts.Fields),
        new("IRQ_ACK", 0x64, 4, "Acknowledge the interrupt", RegisterAccess.WriteOnly, EduInterrupts.Fields),
        new("DMA_SRC", 0x80, 8, "DMA: where from"),
        new("DMA_DST", 0x88, 8, "DMA: where to"),
        new("DMA_COUNT", 0x90, 8, "DMA: how many bytes"),
        new("DMA_CMD", 0x98, 8, "DMA: command", RegisterAccess.WriteHasSideEffects, EduDmaCommand.Fields),
    ]);

    /// <summary>Which device this is, and its version.</summary>
    public static Register<EduIdentification> Identification => new(0x0);

    /// <summary>Reads the complement of what was written.</summary>
    public static Register<RawUInt32> Liveness => new(0x4);

    /// <summary>Write a number and read its factorial, 32 bits of it, when <see cref="Status"/> says that it is computed.</summary>
    public static Register<RawUInt32> Factorial => new(0x8);

    /// <summary>Whether the factorial is being computed.</summary>
    public static Register<EduStatus> Status => new(0x20);

    /// <summary>What raised the interrupt.</summary>
    public static Register<EduInterrupts> InterruptStatus => new(0x24);

    /// <summary>Raises the interrupt with the bits written.</summary>
    public static Register<EduInterrupts> InterruptRaise => new(0x60);

    /// <summary>Takes the bits written from <see cref="InterruptStatus"/>.</summary>
    public static Register<EduInterrupts> InterruptAcknowledge => new(0x64);

    /// <summary>Where a transfer starts: an IOVA, or an address in the buffer; the device reaches 28 bits of addresses.</summary>
    public static Register<RawUInt64> DmaSource => new(0x80);

    /// <summary>Where a transfer goes: an IOVA, or an address in the buffer.</summary>
    public static Register<RawUInt64> DmaDestination => new(0x88);

    /// <summary>How many bytes a transfer has, at most the buffer's.</summary>
    public static Register<RawUInt64> DmaCount => new(0x90);

    /// <summary>Starts a transfer.</summary>
    public static Register<EduDmaCommand> DmaCommand => new(0x98);
}
