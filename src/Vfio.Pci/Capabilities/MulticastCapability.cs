using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Multicast (PCI Express Base Specification 6.0, section 7.9.11).</summary>
internal static class MulticastCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("McastCap", 4, 2, Ro, "Capabilities",
            Number("MaxGroups", 0, 6, "Groups at most, less one"),
            Number("WindowSz", 8, 6, "Window size that it asks for: a power of two"),
            Flag("ECRCRegen", 15, "Can regenerate ECRC")),
        Register("McastCtl", 6, 2, Rw, "Control", Number("NumGroups", 0, 6, "Groups less one"), Flag("Enable", 15, "Is enabled")),
        Register("McastBAR", 8, 4, Rw, "Base address", Number("IndexPos", 0, 6, "Lowest bit of the group number"), Hex("Address", 12, 20, "Address bits 31:12")),
        Register("McastBARHi", 0x0c, 4, Rw, "Base address, upper half"),
        Register("McastReceiveVec", 0x10, 4, Rw, "Groups 0 to 31 that it takes"),
        Register("McastReceiveVecHi", 0x14, 4, Rw, "Groups 32 to 63 that it takes"),
        Register("McastBlockAllVec", 0x18, 4, Rw, "Groups 0 to 31 that it blocks"),
        Register("McastBlockAllVecHi", 0x1c, 4, Rw, "Groups 32 to 63 that it blocks"),
        Register("McastBlockUntransVec", 0x20, 4, Rw, "Groups 0 to 31 blocked untranslated"),
        Register("McastBlockUntransVecHi", 0x24, 4, Rw, "Groups 32 to 63 blocked untranslated"),
        Register("McastOverlayBAR", 0x28, 4, Rw, "Overlay", Number("OverlaySize", 0, 6, "Size: a power of two; below 6 it is off"), Hex("Address", 6, 26, "Address bits 31:6")),
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
