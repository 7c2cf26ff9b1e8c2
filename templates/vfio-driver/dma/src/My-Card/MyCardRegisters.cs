using Vfio.Pci;

namespace My.Card;

/// <summary>
/// Defines the registers of the datasheet: an offset for each, and a map of names and fields for people and tools.
/// </summary>
public static class MyCardRegisters
{
    /// <summary>The vendor ID, 16 bits in configuration space at offset 0.</summary>
    public const ushort VendorId = 0xVVVV;

    /// <summary>The device ID, 16 bits in configuration space at offset 2.</summary>
    public const ushort DeviceId = 0xDDDD;

    /// <summary>Gets the control register.</summary>
    public static Register<MyCardControl> Control => new(0x00);

    /// <summary>Gets the status register.</summary>
    public static Register<MyCardStatus> Status => new(0x04);

    /// <summary>
    /// Gets the number of entries of each ring, 2 to 65536. It is written while the rings are stopped.
    /// </summary>
    public static Register<RawUInt32> EntryCount => new(0x08);

    /// <summary>Gets the address of the ring of descriptors. It is written while the rings are stopped.</summary>
    public static Register<RawUInt64> DescriptorRing => new(0x10);

    /// <summary>Gets the address of the ring of completions. It is written while the rings are stopped.</summary>
    public static Register<RawUInt64> CompletionRing => new(0x18);

    /// <summary>Gets the doorbell of descriptors: the index behind the last one that the driver has filled.</summary>
    public static Register<RawUInt32> DescriptorTail => new(0x20);

    /// <summary>Gets the doorbell of completions: the index behind the last one that the driver has taken.</summary>
    public static Register<RawUInt32> CompletionHead => new(0x24);

    /// <summary>Gets the same registers by name, with the effects of reads and writes.</summary>
    public static RegisterMap Map { get; } = new("My-Card", "My-Card datasheet, revision 1", RegionIndex.Bar0,
    [
        new("CONTROL", Control.Offset, 4, "Control", RegisterAccess.WriteHasSideEffects, MyCardControl.Fields),
        new("STATUS", Status.Offset, 4, "Status", RegisterAccess.ReadOnly, MyCardStatus.Fields),
        new("COUNT", EntryCount.Offset, 4, "Entries of each ring"),
        new("DESCRIPTORS", DescriptorRing.Offset, 8, "Address of the descriptors"),
        new("COMPLETIONS", CompletionRing.Offset, 8, "Address of the completions"),
        new("TAIL", DescriptorTail.Offset, 4, "Doorbell of descriptors", RegisterAccess.WriteOnly, []),
        new("HEAD", CompletionHead.Offset, 4, "Doorbell of completions", RegisterAccess.WriteOnly, []),
    ]);
}
