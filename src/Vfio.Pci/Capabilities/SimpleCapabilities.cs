using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes standard capabilities with a few registers each.</summary>
internal static class SimpleCapabilities
{
    /// <summary>The bytes after ID and pointer in any capability, for kinds of which only the name is known.</summary>
    internal static readonly RegisterDescription Flags = Register(
        "Flags", 2, 2, Ro, "The 16 bits after ID and pointer");

    // Conventional PCI 3.0, appendix I.
    private static readonly RegisterDescription[] VitalProductData =
    [
        Register("Address", 2, 2, RegisterAccess.WriteHasSideEffects, "Address in the product data",
            Hex("Address", 0, 15, "Byte offset"),
            Flag("Flag", 15, "Set when read data is ready, or to start a write")),
        Register("Data", 4, 4, RegisterAccess.WriteHasSideEffects, "The data at that address"),
    ];

    // PCI-to-PCI Bridge Architecture 1.2, section 13.2.
    private static readonly RegisterDescription[] SlotId =
    [
        Register("Slot", 2, 1, Ro, "Expansion slots",
            Number("Slots", 0, 5, "Slots behind the bridge"),
            Flag("First", 5, "First bridge of its chassis")),
        Register("Chassis", 3, 1, Rw, "Chassis number"),
    ];

    // EHCI 1.0, appendix C (debug port); PCI-to-PCI Bridge Architecture 1.2 (subsystem IDs); Advanced Capabilities for
    // Conventional PCI, 2006 (AF).
    private static readonly RegisterDescription DebugPort = Register("Flags", 2, 2, Ro, "Location of the debug port",
        Hex("Offset", 0, 13, "Offset"),
        Number("BAR", 13, 3, "Base address register, from 1"));

    private static readonly RegisterDescription[] Subsystem =
    [
        Register("VendorID", 4, 2, Ro, "Subsystem vendor ID"),
        Register("DeviceID", 6, 2, Ro, "Subsystem ID"),
    ];

    private static readonly RegisterDescription[] AdvancedFeatures =
    [
        Register("AFCap", 3, 1, Ro, "Capabilities", Flag("TP", 0, "Reports pending transactions"), Flag(
            "FLR", 1, "Supports function level reset")),
        Register("AFCtrl", 4, 1, RegisterAccess.WriteHasSideEffects, "Control", Flag(
            "FLR", 0, "Writing 1 resets the function")),
        Register("AFStatus", 5, 1, Ro, "Status", Flag("TP", 0, "Transactions are pending")),
    ];

    // Serial ATA AHCI 1.3.1, section 2.4.
    private static readonly RegisterDescription[] SataHba =
    [
        Register("SATACR0", 2, 2, Ro, "Revision", Number("Minor", 0, 4, "Minor revision"), Number(
            "Major", 4, 4, "Major revision")),
        Register(
            "SATACR1",
            4,
            4,
            Ro,
            "Location of index and data",
            Number("BAR", 0, 4, "4 to 9: base address register 0 to 5; 15: here"),
            Hex("Offset4", 4, 20, "Offset in units of 4 bytes")),
    ];

    internal static void DecodeVitalProductData(CapabilityReader reader) => reader.Read(VitalProductData);

    internal static void DecodeSlotId(CapabilityReader reader)
    {
        reader.Read(SlotId);
        byte slots = reader.Byte(2);
        reader.Summary = $"{slots & 0x1f} slots, First{Sign(slots, 5)}, chassis {reader.Byte(3):x2}";
    }

    internal static void DecodeDebugPort(CapabilityReader reader)
    {
        reader.Read(DebugPort);
        ushort flags = reader.Word(2);
        reader.Summary = $"BAR={flags >> 13} offset={flags & 0x1fff:x4}";
    }

    internal static void DecodeSubsystem(CapabilityReader reader)
    {
        reader.Read(Subsystem);
        reader.Summary = reader.Has(4, 4) ? $"{reader.Word(4):x4}:{reader.Word(6):x4}" : null;
    }

    internal static void DecodeAdvancedFeatures(CapabilityReader reader) => reader.Read(AdvancedFeatures);

    internal static void DecodeSataHba(CapabilityReader reader)
    {
        reader.Read(SataHba);
        ushort revision = reader.Word(2);
        string place = "";
        if (reader.Has(4, 4))
        {
            uint where = reader.DoubleWord(4);
            place = (where & 0xf) switch
            {
                >= 4 and <= 9 => $" BAR{(where & 0xf) - 4} Offset={Bits(where, 4, 20):x8}",
                15 => " InCfgSpace",
                _ => $" BAR??{where & 0xf}",
            };
        }

        reader.Summary = $"v{revision >> 4 & 0xf}.{revision & 0xf}{place}";
    }
}
