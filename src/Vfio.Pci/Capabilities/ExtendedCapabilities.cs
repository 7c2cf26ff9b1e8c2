using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes extended capabilities with a few registers each.</summary>
internal static class ExtendedCapabilities
{
    // PCI Express Base Specification 6.0, section 7.9.3.
    private static readonly RegisterDescription[] SerialNumber =
    [
        Register("Lower", 4, 4, Ro, "Serial number, lower half"),
        Register("Upper", 8, 4, Ro, "Serial number, upper half"),
    ];

    // PCI Express Base Specification 6.0, section 7.8.1.
    private static readonly RegisterDescription[] PowerBudgeting =
    [
        Register("DataSelect", 4, 1, Rw, "Selects the data that the data register shows"),
        Register("Data", 8, 4, Ro, "Required power",
            Number("BasePower", 0, 8, "Power in units of the scale"),
            Named("Scale", 8, 2, "Unit", Names("1W", "0.1W", "0.01W", "0.001W")),
            Number("Substate", 10, 3, "Power management substate"),
            Named("State", 13, 2, "Power state", Names("D0", "D1", "D2", "D3")),
            Named("Type", 15, 3, "Operating condition", Names(
                "PME Aux", "Auxiliary", "Idle", "Sustained", "Sustained, reduced", "Maximum, reduced", "", "Maximum")),
            Named("Rail", 18, 3, "Power rail", Names("12V", "3.3V", "1.5V or 1.8V", "48V", "5V", "", "", "Thermal"))),
        Register(
            "Cap", 0x0c, 1, Ro, "Capabilities", Flag("SystemAllocated", 0, "Already included in the system budget")),
    ];

    // PCI Express Base Specification 6.0, section 7.9.13.
    private static readonly RegisterDescription[] Hints =
    [
        Register("TPHCap", 4, 4, Ro, "Capabilities",
            Flag("NoSTMode", 0, "Supports hints without steering tags"),
            Flag("IntVecMode", 1, "Steering tags by interrupt vector"),
            Flag("DevSpecMode", 2, "Device-specific steering tags"),
            Flag("ExtReq", 8, "Supports 16-bit steering tags"),
            Named("STLocation", 9, 2, "Location of the steering table", Names(
                "not present", "in this capability", "in the MSI-X table")),
            Number("STSize", 16, 11, "Entries of the steering table, minus one")),
        Register("TPHCtl", 8, 4, Rw, "Control",
            Named("Mode", 0, 3, "Steering mode", Names("none", "interrupt vector", "device specific")),
            Named("ReqEn", 8, 2, "Hints that it may send", Names("none", "TPH", "", "TPH and extended TPH"))),
    ];

    // PCI Express Base Specification 6.0, section 7.9.15.
    private static readonly RegisterDescription[] Time =
    [
        Register("PTMCap", 4, 4, Ro, "Capabilities",
            Flag("Requester", 0, "Can request the time"),
            Flag("Responder", 1, "Can respond with the time"),
            Flag("Root", 2, "Can be the source of the time"),
            Flag("ePTM", 3, "Supports enhanced PTM"),
            Flag("PropDelayAdapt", 4, "Can adapt to the other byte order"),
            Named("ClockGranularity", 8, 8, "Granularity of the local clock in nanoseconds", Granularities(
                "Unimplemented"))),
        Register("PTMControl", 8, 4, Rw, "Control",
            Flag("Enabled", 0, "Is enabled"),
            Flag("RootSelected", 1, "Is the source of the time"),
            Named("EffectiveGranularity", 8, 8, "Effective granularity in nanoseconds", Granularities("Unknown"))),
    ];

    // PCI Express Base Specification 6.0, section 7.9.24.
    private static readonly RegisterDescription[] ObjectExchange =
    [
        Register("DOECap", 4, 4, Ro, "Capabilities", Flag("IntSup", 0, "Supports interrupts"), Hex(
            "IntMsg", 1, 11, "Interrupt message number")),
        Register("DOECtl", 8, 4, RegisterAccess.WriteHasSideEffects, "Control",
            Flag("Abort", 0, "Writing 1 aborts"),
            Flag("IntEn", 1, "Interrupt is enabled"),
            Flag("Go", 31, "Writing 1 sends the object")),
        Register("DOESta", 0x0c, 4, W1C, "Status",
            Flag("Busy", 0, "Accepts no object now"),
            Flag("IntSta", 1, "Interrupt signalled"),
            Flag("Error", 2, "Error seen"),
            Flag("ObjectReady", 31, "An object is ready to be read")),
        Register("WriteMailbox", 0x10, 4, RegisterAccess.WriteOnly, "Next 4 bytes to the device"),
        Register(
            "ReadMailbox",
            0x14,
            4,
            RegisterAccess.WriteHasSideEffects,
            "Next 4 bytes from the device; a write removes them"),
    ];

    internal static void DecodeSerialNumber(CapabilityReader reader)
    {
        reader.Read(SerialNumber);
        if (reader.Has(4, 8))
        {
            string digits = $"{reader.QuadWord(4):x16}";
            reader.Summary = string.Join('-', Enumerable.Range(0, 8).Select(i => digits.Substring(2 * i, 2)));
            reader.Derive("Serial number", reader.Summary);
        }
    }

    internal static void DecodePowerBudgeting(CapabilityReader reader) => reader.Read(PowerBudgeting);

    internal static void DecodeHints(CapabilityReader reader)
    {
        reader.Read(Hints);
        uint capable = reader.DoubleWord(4);
        if (Bits(capable, 9, 2) == 1)
        {
            RegisterDescription entry = Register(
                "ST",
                0x0c,
                2,
                Rw,
                "Steering tag",
                Number("Lower", 0, 8, "Tag"),
                Number("Upper", 8, 8, "Tag, upper half"));
            for (int i = 0; i <= Math.Min(Bits(capable, 16, 11), 63); i++)
            {
                reader.Read(entry, 2 * i, $"{i}");
            }
        }
    }

    internal static void DecodeTime(CapabilityReader reader) => reader.Read(Time);

    internal static void DecodeObjectExchange(CapabilityReader reader) => reader.Read(ObjectExchange);

    private static IReadOnlyList<RegisterFieldValue> Granularities(string zero) =>
        [new(0, zero), new(0xff, "Greater than 254ns")];
}
