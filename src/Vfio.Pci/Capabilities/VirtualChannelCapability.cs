using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes Virtual Channel (PCI Express Base Specification 6.0, section 7.9.1).</summary>
internal static class VirtualChannelCapability
{
    private static readonly RegisterDescription[] Port =
    [
        Register("Caps", 4, 4, Ro, "Port capabilities 1",
            Number("EVC", 0, 3, "Virtual channels beyond the first"),
            Number("LPEVC", 4, 3, "Low-priority virtual channels among them"),
            Named("RefClk", 8, 2, "Reference clock", Names("100ns")),
            Named("PATEntryBits", 10, 2, "Bits of an arbitration table entry", Names("1", "2", "4", "8"))),
        Register(
            "Arb",
            8,
            4,
            Ro,
            "Port capabilities 2",
            [
                .. Arbiters("Fixed", "WRR32", "WRR64", "WRR128", "??4", "??5", "??6", "??7"),
                Number("TableOffset", 24, 8, "Arbitration table, in units of 16 bytes"),
            ]),
        Register("Ctrl", 0x0c, 2, Rw, "Port control", Flag("LoadTable", 0, "Writing 1 loads the table"), Named(
            "ArbSelect", 1, 3, "Arbiter", Names("Fixed", "WRR32", "WRR64", "WRR128", "??4", "??5", "??6", "??7"))),
        Register("Status", 0x0e, 2, Ro, "Port status", Flag("InProgress", 0, "Table is being loaded")),
    ];

    private static readonly RegisterDescription[] Channel =
    [
        Register("Caps", 0x10, 4, Ro, "Capabilities of a channel",
        [
            .. Arbiters("Fixed", "WRR32", "WRR64", "WRR128", "TWRR128", "WRR256", "??6", "??7"),
            Flag("RejSnoopTrans", 15, "Rejects requests that may snoop"),
            Number("TimeSlots", 16, 7, "Number of time slots, minus one"),
            Hex("PATOffset", 24, 8, "Arbitration table, in units of 16 bytes"),
        ]),
        Register("Ctrl", 0x14, 4, Rw, "Control of a channel",
            Hex("TC/VC", 0, 8, "Traffic classes that use it"),
            Flag("LoadTable", 16, "Writing 1 loads the table"),
            Named("ArbSelect", 17, 3, "Arbiter", Names(
                "Fixed", "WRR32", "WRR64", "WRR128", "TWRR128", "WRR256", "??6", "??7")),
            Number("ID", 24, 3, "Channel ID"),
            Flag("Enable", 31, "Channel is enabled")),
        Register("Status", 0x1a, 2, Ro, "Status of a channel",
            Flag("InProgress", 0, "Table is being loaded"),
            Flag("NegoPending", 1, "Negotiation is not complete")),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Port);
        for (int i = 0; i <= Bits(reader.DoubleWord(4), 0, 3); i++)
        {
            foreach (RegisterDescription register in Channel)
            {
                reader.Read(register with { Name = $"VC{i}{register.Name}" }, 12 * i);
            }
        }
    }

    private static RegisterField[] Arbiters(params string[] names) =>
        [.. names.Select((name, bit) => Flag(name, bit, $"Supports arbitration by {name}"))];
}
