using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes Multicast (PCI Express Base Specification 6.0, section 7.9.11).</summary>
internal static class MulticastCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("McastCap", 4, 2, Ro, "Capabilities",
            Number("MaxGroups", 0, 6, "Maximum number of groups, minus one"),
            Number("WindowSz", 8, 6, "Requested window size, as a power of two"),
            Flag("ECRCRegen", 15, "Supports regeneration of ECRC")),
        Register("McastCtl", 6, 2, Rw, "Control", Number("NumGroups", 0, 6, "Number of groups, minus one"), Flag(
            "Enable", 15, "Is enabled")),
        Register("McastBAR", 8, 4, Rw, "Base address", Number("IndexPos", 0, 6, "Lowest bit of the group number"), Hex(
            "Address", 12, 20, "Address bits 31:12")),
        Register("McastBARHi", 0x0c, 4, Rw, "Base address, upper half"),
        Register("McastReceiveVec", 0x10, 4, Rw, "Groups 0 to 31 that it receives"),
        Register("McastReceiveVecHi", 0x14, 4, Rw, "Groups 32 to 63 that it receives"),
        Register("McastBlockAllVec", 0x18, 4, Rw, "Groups 0 to 31 that it blocks"),
        Register("McastBlockAllVecHi", 0x1c, 4, Rw, "Groups 32 to 63 that it blocks"),
        Register("McastBlockUntransVec", 0x20, 4, Rw, "Groups 0 to 31 whose untranslated requests it blocks"),
        Register("McastBlockUntransVecHi", 0x24, 4, Rw, "Groups 32 to 63 whose untranslated requests it blocks"),
        Register(
            "McastOverlayBAR",
            0x28,
            4,
            Rw,
            "Overlay",
            Number("OverlaySize", 0, 6, "Size, as a power of two; disabled below 6"),
            Hex("Address", 6, 26, "Address bits 31:6")),
        Register("McastOverlayBARHi", 0x2c, 4, Rw, "Overlay, upper half"),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Registers);
        if (reader.Has(4, 0x2c))
        {
            reader.Derive("Groups at most", $"{Bits(reader.Word(4), 0, 6) + 1}");
            reader.Derive("Groups", $"{Bits(reader.Word(6), 0, 6) + 1}");
            reader.Derive("Base address", $"{reader.QuadWord(8) & ~0xffful:x16}");
            reader.Derive("Overlay address", $"{reader.QuadWord(0x28) & ~0x3ful:x16}");
        }
    }
}
