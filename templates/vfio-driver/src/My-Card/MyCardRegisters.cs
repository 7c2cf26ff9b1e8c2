using Vfio.Pci;

namespace My.Card;

/// <summary>The registers, as the datasheet has them: a place for each, and a map of names and fields for people and tools.</summary>
public static class MyCardRegisters
{
    /// <summary>The vendor id, 16 bits in configuration space at 0.</summary>
    public const ushort VendorId = 0xVVVV;

    /// <summary>The device id, 16 bits in configuration space at 2.</summary>
    public const ushort DeviceId = 0xDDDD;

    /// <summary>Which device this is, and its version.</summary>
    public static Register<MyCardIdentification> Identification => new(0x00);

    /// <summary>Reads as the complement of what was written.</summary>
    public static Register<RawUInt32> Liveness => new(0x04);

    /// <summary>Write a number; read the low 32 bits of its factorial when <see cref="Status"/> says that it is computed.</summary>
    public static Register<RawUInt32> Factorial => new(0x08);

    /// <summary>What the device is doing.</summary>
    public static Register<MyCardStatus> Status => new(0x20);

    /// <summary>The same registers by name, with what reading and writing them does.</summary>
    public static RegisterMap Map { get; } = new("My-Card", "My-Card datasheet, revision 1", RegionIndex.Bar0,
    [
        new("ID", Identification.Offset, 4, "Identification", RegisterAccess.ReadOnly, MyCardIdentification.Fields),
        new("LIVENESS", Liveness.Offset, 4, "Reads as the complement of what was written", RegisterAccess.WriteHasSideEffects, []),
        new("FACTORIAL", Factorial.Offset, 4, "Write a number, read its factorial", RegisterAccess.WriteHasSideEffects, []),
        new("STATUS", Status.Offset, 4, "Status", RegisterAccess.ReadOnly, MyCardStatus.Fields),
    ]);
}
