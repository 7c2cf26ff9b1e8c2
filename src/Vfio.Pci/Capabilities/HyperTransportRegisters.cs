using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Registers that both interfaces of HyperTransport have, at offsets from the first of each group (HyperTransport I/O
/// Link Specification 3.10, section 7.5).
/// </summary>
internal static class HyperTransportRegisters
{
    private static readonly IReadOnlyList<RegisterFieldValue> Widths = Names(
        "8bit", "16bit", "[2]", "32bit", "2bit", "4bit", "[6]", "N/C");

    internal static readonly IReadOnlyList<RegisterDescription> Link = Array.AsReadOnly<RegisterDescription>(
    [
        Register("LinkControl", 0, 2, Rw, "Link control",
        [
            .. LinkControl(),
            Flag("IsocEn", 12, "Isochronous flow control"),
            Flag("LSEn", 13, "Stops driving in LDTSTOP"),
            Flag("ExtCTL", 14, "Longer CTL at start"),
            Flag("64b", 15, "64-bit addresses"),
        ]),
        Register("LinkConfig", 2, 2, Rw, "Link configuration",
        [
            .. LinkConfig(),
            Flag("DwFcIn", 3, "Supports inbound double-word flow control"),
            Flag("DwFcOut", 7, "Supports outbound double-word flow control"),
            Flag("DwFcInEn", 11, "Uses inbound double-word flow control"),
            Flag("DwFcOutEn", 15, "Uses outbound double-word flow control"),
        ]),
    ]);

    internal static readonly IReadOnlyList<RegisterDescription> OldLink = Array.AsReadOnly<RegisterDescription>(
        [
            Register("LinkControl", 0, 2, Rw, "Link control", LinkControl()),
            Register("LinkConfig", 2, 2, Rw, "Link configuration", LinkConfig()),
        ]);

    internal static readonly RegisterDescription Frequency = Register(
        "LinkFrequency", 0, 1, Rw, "Link frequency and errors",
            Named("Freq", 0, 4, "Frequency", Names(
                "200MHz", "300MHz", "400MHz", "500MHz", "600MHz", "800MHz", "1.0GHz", "1.2GHz", "1.4GHz", "1.6GHz",
                "[a]", "[b]", "[c]", "[d]", "[e]", "Vend")),
            Flag("<Prot", 4, "Protocol error"),
            Flag("<Ovfl", 5, "Overflow"),
            Flag("<EOC", 6, "Packet at the end of the chain"),
            Flag("CTLTm", 7, "CTL timeout"));

    internal static readonly RegisterDescription FrequencyCapability = Register(
        "LinkFrequencyCapability",
            0,
            2,
            Ro,
            "Supported frequencies",
            Flag("200MHz", 0, "200 MHz"),
            Flag("300MHz", 1, "300 MHz"),
            Flag("400MHz", 2, "400 MHz"),
            Flag("500MHz", 3, "500 MHz"),
            Flag("600MHz", 4, "600 MHz"),
            Flag("800MHz", 5, "800 MHz"),
            Flag("1.0GHz", 6, "1 GHz"),
            Flag("1.2GHz", 7, "1.2 GHz"),
            Flag("1.4GHz", 8, "1.4 GHz"),
            Flag("1.6GHz", 9, "1.6 GHz"),
            Flag("Vend", 15, "Vendor-specific"));

    internal static readonly RegisterDescription Feature = Register("Feature", 0, 1, Ro, "Features", Features());

    internal static readonly RegisterDescription SecondaryFeature = Register("Feature", 0, 2, Ro, "Features",
        [
            .. Features(),
            Flag("ExtRS", 8, "Has the extended registers"),
            Flag("UCnfE", 9, "Configuration from below is enabled"),
        ]);

    internal static readonly RegisterDescription ErrorHandling = Register(
        "ErrorHandling",
        0,
        2,
        Rw,
        "Error handling",
        Flag("PFlE", 0, "Protocol error floods"),
        Flag("OFlE", 1, "Overflow floods"),
        Flag("PFE", 2, "Protocol error is fatal"),
        Flag("OFE", 3, "Overflow is fatal"),
        Flag("EOCFE", 4, "End of chain is fatal"),
        Flag("RFE", 5, "Response error is fatal"),
        Flag("CRCFE", 6, "CRC error is fatal"),
        Flag("SERRFE", 7, "System error is fatal"),
        Flag("CF", 8, "Chain failed"),
        Flag("RE", 9, "Response error seen"),
        Flag("PNFE", 10, "Protocol error is not fatal"),
        Flag("ONFE", 11, "Overflow is not fatal"),
        Flag("EOCNFE", 12, "End of chain is not fatal"),
        Flag("RNFE", 13, "Response error is not fatal"),
        Flag("CRCNFE", 14, "CRC error is not fatal"),
        Flag("SERRNFE", 15, "System error is not fatal"));

    internal static readonly IReadOnlyList<RegisterDescription> UpperMemory = Array.AsReadOnly<RegisterDescription>(
    [
        Register("MemoryBaseUpper", 0, 1, Rw, "Start of prefetchable memory behind the bridge, address bits 39:32"),
        Register("MemoryLimitUpper", 1, 1, Rw, "End of prefetchable memory behind the bridge, address bits 39:32"),
    ]);

    internal static readonly RegisterDescription BusNumber = Register("BusNumber", 0, 1, Ro, "Bus number");

    private static RegisterField[] LinkControl() =>
    [
        Flag("CFlE", 1, "CRC error floods"),
        Flag("CST", 2, "Starts a CRC test"),
        Flag("CFE", 3, "Forces a CRC error"),
        Flag("<LkFail", 4, "Link failed"),
        Flag("Init", 5, "Initialised"),
        Flag("EOC", 6, "End of the chain"),
        Flag("TXO", 7, "Transmitter is off"),
        Hex("<CRCErr", 8, 4, "CRC errors by byte lane"),
    ];

    private static RegisterField[] LinkConfig() =>
    [
        Named("MLWI", 0, 3, "Widest link in", Widths),
        Named("MLWO", 4, 3, "Widest link out", Widths),
        Named("LWI", 8, 3, "Link width in", Widths),
        Named("LWO", 12, 3, "Link width out", Widths),
    ];

    private static RegisterField[] Features() =>
    [
        Flag("IsocFC", 0, "Isochronous flow control"),
        Flag("LDTSTOP", 1, "LDTSTOP"),
        Flag("CRCTM", 2, "CRC test mode"),
        Flag("ECTLT", 3, "Needs a longer CTL"),
        Flag("64bA", 4, "64-bit addresses"),
        Flag("UIDRD", 5, "Does not reorder by unit ID"),
    ];
}
