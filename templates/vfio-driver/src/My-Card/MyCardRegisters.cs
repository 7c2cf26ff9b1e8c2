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

    /// <summary>Gets the identification register: the kind of device and its version.</summary>
    public static Register<MyCardIdentification> Identification => new(0x00);

    /// <summary>Gets the liveness register, which reads as the complement of the value written.</summary>
    public static Register<RawUInt32> Liveness => new(0x04);

    /// <summary>
    /// Gets the factorial register: write a number, and read the low 32 bits of its factorial once <see cref="Status"/>
    /// reports that it is computed.
    /// </summary>
    public static Register<RawUInt32> Factorial => new(0x08);

    /// <summary>Gets the status register.</summary>
    public static Register<MyCardStatus> Status => new(0x20);

    /// <summary>Gets the same registers by name, with the effects of reads and writes.</summary>
    public static RegisterMap Map { get; } = new("My-Card", "My-Card datasheet, revision 1", RegionIndex.Bar0,
    [
        new("ID", Identification.Offset, 4, "Identification", RegisterAccess.ReadOnly, MyCardIdentification.Fields),
        new("LIVENESS", Liveness.Offset, 4, "Complement of the value written", RegisterAccess.WriteHasSideEffects, []),
        new("FACTORIAL", Factorial.Offset, 4, "Factorial of the number", RegisterAccess.WriteHasSideEffects, []),
        new("STATUS", Status.Offset, 4, "Status", RegisterAccess.ReadOnly, MyCardStatus.Fields),
    ]);
}
