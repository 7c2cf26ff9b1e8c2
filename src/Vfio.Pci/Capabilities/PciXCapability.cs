using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes PCI-X (PCI-X Protocol Addendum 2.0, sections 7.2 and 8.6).</summary>
internal static class PciXCapability
{
    private static readonly IReadOnlyList<RegisterFieldValue> Outstanding = Names(
        "1", "2", "3", "4", "8", "12", "16", "32");
    private static readonly IReadOnlyList<RegisterFieldValue> ByteCounts = Names("512", "1024", "2048", "4096");

    private static readonly RegisterDescription[] Device =
    [
        Register("Command", 2, 2, Rw, "Command",
            Flag("DPERE", 0, "Recovers from data parity errors"),
            Flag("ERO", 1, "May use relaxed ordering"),
            Named("RBC", 2, 2, "Maximum bytes of a read", ByteCounts),
            Named("OST", 4, 3, "Maximum outstanding split transactions", Outstanding)),
        Register("Status", 4, 4, W1C, "Status",
        [
            .. Address(),
            Flag("64bit", 16, "Has 64 data lines"),
            Flag("133MHz", 17, "Supports 133 MHz"),
            Flag("SCD", 18, "Split completion discarded"),
            Flag("USC", 19, "Unexpected split completion"),
            Named("DC", 20, 1, "Complexity", Names("simple", "bridge")),
            Named("DMMRBC", 21, 2, "Maximum bytes of a read, by design", ByteCounts),
            Named("DMOST", 23, 3, "Maximum outstanding split transactions, by design", Outstanding),
            Named("DMCRS", 26, 3, "Maximum bytes of outstanding reads, by design", Names(
                "8", "16", "32", "64", "128", "256", "512", "1024")),
            Flag("RSCEM", 29, "Split completion error message received"),
            Flag("266MHz", 30, "Supports 266 MHz"),
            Flag("533MHz", 31, "Supports 533 MHz"),
        ]),
    ];

    private static readonly RegisterDescription[] Bridge =
    [
        Register("SecondaryStatus", 2, 2, W1C, "Status of the bus below",
        [
            .. Common(0),
            Named("Freq", 6, 3, "Clock", Names("conv", "66MHz", "100MHz", "133MHz", "?4", "?5", "?6", "?7")),
        ]),
        Register("Status", 4, 4, W1C, "Status of the bus above", [.. Address(), .. Common(16)]),
        Register("Upstream", 8, 4, Rw, "Split transactions upwards", SplitFields()),
        Register("Downstream", 0x0c, 4, Rw, "Split transactions downwards", SplitFields()),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        bool isBridge = reader.HeaderType == HeaderDecoder.Bridge;
        reader.Read(isBridge ? Bridge : Device);
        reader.Summary = isBridge ? "bridge device" : "non-bridge device";
        if (reader.Has(4, 4))
        {
            uint status = reader.DoubleWord(4);
            reader.Derive("Dev", $"{status >> 8 & 0xff:x2}:{status >> 3 & 0x1f:x2}.{status & 7}");
        }
    }

    private static RegisterField[] Address() =>
    [
        Number("Function", 0, 3, "Function number"),
        Number("Device", 3, 5, "Device number"),
        Number("Bus", 8, 8, "Bus number"),
    ];

    private static RegisterField[] Common(int shift) =>
    [
        Flag("64bit", shift, "Has 64 data lines"),
        Flag("133MHz", shift + 1, "Supports 133 MHz"),
        Flag("SCD", shift + 2, "Split completion discarded"),
        Flag("USC", shift + 3, "Unexpected split completion"),
        Flag("SCO", shift + 4, "Split completion overrun"),
        Flag("SRD", shift + 5, "Split request delayed"),
    ];

    private static RegisterField[] SplitFields() =>
    [
        Number("Capacity", 0, 16, "Sequences it can hold"),
        Number("CommitmentLimit", 16, 16, "Sequences it commits to"),
    ];
}
