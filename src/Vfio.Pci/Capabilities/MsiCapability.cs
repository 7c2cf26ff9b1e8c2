using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes MSI (PCI Express Base Specification 6.0, section 7.7.1) in its four layouts.</summary>
internal static class MsiCapability
{
    private const int Is64Bit = 7;
    private const int IsMaskable = 8;

    private static readonly IReadOnlyList<RegisterFieldValue> Counts = Names("1", "2", "4", "8", "16", "32");

    private static readonly RegisterDescription Flags = Register("Flags", 2, 2, Rw, "Message control",
        Flag("Enable", 0, "MSI is enabled"),
        Named("Capable", 1, 3, "Vectors that the function requests", Counts),
        Named("Count", 4, 3, "Vectors that software allocated", Counts),
        Flag("64bit", Is64Bit, "64-bit message address"),
        Flag("Maskable", IsMaskable, "Each vector can be masked"),
        Flag("ExtDataCap", 9, "Supports 32-bit message data"),
        Flag("ExtDataEn", 10, "Uses 32-bit message data"));

    private static readonly RegisterDescription Address = Register("Address", 4, 4, Rw, "Message address");
    private static readonly RegisterDescription UpperAddress = Register(
        "AddressHi", 8, 4, Rw, "Message address, upper half");
    private static readonly RegisterDescription Data = Register("Data", 8, 2, Rw, "Message data");
    private static readonly RegisterDescription ExtendedData = Register(
        "ExtData", 10, 2, Rw, "Message data, upper half");
    private static readonly RegisterDescription Masking = Register(
        "Masking", 12, 4, Rw, "Masked vectors, one bit each");
    private static readonly RegisterDescription Pending = Register(
        "Pending", 16, 4, Ro, "Pending vectors, one bit each");

    internal static void Decode(CapabilityReader reader)
    {
        ushort flags = reader.Word(2);
        bool is64Bit = (flags >> Is64Bit & 1) != 0;
        int shift = is64Bit ? 4 : 0;
        reader.Read(Flags);
        reader.Read(Address);
        if (is64Bit)
        {
            reader.Read(UpperAddress);
        }

        reader.Read(Data, shift);
        if ((flags & 0x600) != 0)
        {
            reader.Read(ExtendedData, shift);
        }

        if ((flags >> IsMaskable & 1) != 0)
        {
            reader.Read(Masking, shift);
            reader.Read(Pending, shift);
        }

        reader.Summary = $"Enable{CapabilityReader.Sign(flags, 0)} "
            + $"Count={1 << (flags >> 4 & 7)}/{1 << (flags >> 1 & 7)} "
            + $"Maskable{CapabilityReader.Sign(flags, IsMaskable)} 64bit{CapabilityReader.Sign(flags, Is64Bit)}";
    }
}

/// <summary>Decodes MSI-X (PCI Express Base Specification 6.0, section 7.7.2).</summary>
internal static class MsixCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("Flags", 2, 2, Rw, "Message control",
            Number("TableSize", 0, 11, "Number of vectors, minus one"),
            Flag("Masked", 14, "All vectors are masked"),
            Flag("Enable", 15, "MSI-X is enabled")),
        Register("VectorTable", 4, 4, Ro, "Location of the vector table",
            Number("BAR", 0, 3, "Base address register"),
            Hex("Offset8", 3, 29, "Offset in that BAR, in units of 8 bytes")),
        Register("PBA", 8, 4, Ro, "Location of the pending bits",
            Number("BAR", 0, 3, "Base address register"),
            Hex("Offset8", 3, 29, "Offset in that BAR, in units of 8 bytes")),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        ushort flags = reader.Word(2);
        reader.Read(Registers);
        reader.Summary = $"Enable{CapabilityReader.Sign(flags, 15)} Count={(flags & 0x7ff) + 1} "
            + $"Masked{CapabilityReader.Sign(flags, 14)}";
        if (reader.Has(4, 8))
        {
            uint table = reader.DoubleWord(4);
            uint pending = reader.DoubleWord(8);
            reader.Derive("Vector table", $"BAR={table & 7} offset={table & ~7u:x8}");
            reader.Derive("PBA", $"BAR={pending & 7} offset={pending & ~7u:x8}");
        }
    }
}
