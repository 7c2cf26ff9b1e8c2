using System.Collections.ObjectModel;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// The second half of the registers of the Express capability, which exist from version 2 on (PCI Express Base
/// Specification 6.0, sections 7.5.3.15 to 7.5.3.23).
/// </summary>
internal static class ExpressRegisters2
{
    // Sections 7.5.3.15 to 7.5.3.17.
    internal static readonly IReadOnlyList<RegisterDescription> Device = Array.AsReadOnly<RegisterDescription>(
    [
        Register("DevCap2", 0x24, 4, Ro, "Device capabilities 2",
            Named("CompletionTimeout", 0, 4, "Supported ranges of completion timeouts", CompletionRanges()),
            Flag("TimeoutDis", 4, "Completion timeout can be disabled"),
            Flag("ARIFwd", 5, "Supports forwarding to functions above 7"),
            Flag("Routing", 6, "Supports routing of atomic operations"),
            Flag("32bit", 7, "Completes 32-bit atomic operations"),
            Flag("64bit", 8, "Completes 64-bit atomic operations"),
            Flag("128bitCAS", 9, "Completes 128-bit compare-and-swap"),
            Flag("NROPrPrP", 10, "No relaxed-order passing of peer-to-peer writes"),
            Flag("LTR", 11, "Can report latency tolerance"),
            Named("TPHComp", 12, 2, "Completes requests with hints", Names(
                "TPHComp- ExtTPHComp-", "TPHComp+ ExtTPHComp-", "", "TPHComp+ ExtTPHComp+")),
            Named("LNSystemCLS", 14, 2, "Cache lines of lightweight notification", Names(
                "Not Supported", "64byte cachelines", "128byte cachelines", "Reserved")),
            Flag("10BitTagComp", 16, "Completes requests with 10-bit tags"),
            Flag("10BitTagReq", 17, "Supports 10-bit tags"),
            Named("OBFF", 18, 2, "Supports optimized buffer flush and fill", Names(
                "Not Supported", "Via message", "Via WAKE#", "Via message/WAKE#")),
            Flag("ExtFmt", 20, "Supports the 3-bit format field"),
            Flag("EETLPPrefix", 21, "Supports end-to-end prefixes"),
            Named("MaxEETLPPrefixes", 22, 2, "Maximum number of end-to-end prefixes", Names("4", "1", "2", "3")),
            Named("EmergencyPowerReduction", 24, 2, "Supports emergency power reduction", Names(
                "Not Supported", "Dev Specific", "Form Factor Dev Specific", "Reserved")),
            Flag("EmergencyPowerReductionInit", 26, "Must be initialised after a power reduction"),
            Flag("DMWr", 28, "Completes deferrable memory writes"),
            Number("DMWrLength", 29, 2, "Longest deferrable memory write"),
            Flag("FRS", 31, "Can report function readiness")),
        Register("DevCtl2", 0x28, 2, Rw, "Device control 2",
            Named("CompletionTimeout", 0, 4, "Completion timeout", Timeouts()),
            Flag("TimeoutDis", 4, "No completion timeout"),
            Flag("ARIFwd", 5, "Forwards to functions above 7"),
            Flag("ReqEn", 6, "May send atomic operations"),
            Flag("EgressBlck", 7, "Blocks outgoing atomic operations"),
            Flag("IDOReq", 8, "May use ID-based ordering for requests"),
            Flag("IDOCompl", 9, "May use ID-based ordering for completions"),
            Flag("LTR", 10, "Reports latency tolerance"),
            Flag("EmergencyPowerReductionReq", 11, "Emergency power reduction is requested"),
            Flag("10BitTagReq", 12, "May use 10-bit tags"),
            Named("OBFF", 13, 2, "Method of optimized buffer flush and fill", Names(
                "Disabled", "Via message A", "Via message B", "Via WAKE#")),
            Flag("EETLPPrefixBlk", 15, "Blocks outgoing end-to-end prefixes")),
        Register("DevSta2", 0x2a, 2, Ro, "Device status 2"),
    ]);

    // Sections 7.5.3.18 to 7.5.3.20.
    internal static readonly IReadOnlyList<RegisterDescription> Link = Array.AsReadOnly<RegisterDescription>(
    [
        Register("LnkCap2", 0x2c, 4, Ro, "Link capabilities 2",
            Named("Speeds", 1, 7, "Supported link speeds", SpeedVectors()),
            Flag("Crosslink", 8, "Can be a crosslink"),
            Hex("LowerSKPGen", 9, 7, "Speeds at which it can send fewer SKP sets"),
            Hex("LowerSKPRcv", 16, 7, "Speeds at which it can receive fewer SKP sets"),
            Flag("Retimer", 23, "Detects a retimer"),
            Flag("2Retimers", 24, "Detects two retimers"),
            Flag("DRS", 31, "Can report device readiness")),
        Register("LnkCtl2", 0x30, 2, Rw, "Link control 2",
            Named("TargetLinkSpeed", 0, 4, "Target speed", Names(
                "2.5GT/s", "2.5GT/s", "5GT/s", "8GT/s", "16GT/s", "32GT/s", "64GT/s")),
            Flag("EnterCompliance", 4, "Enters compliance mode"),
            Flag("SpeedDis", 5, "May not change its speed by itself"),
            Named("SelectableDe-emphasis", 6, 1, "De-emphasis at 5 GT/s", Deemphases()),
            Named("TransmitMargin", 7, 3, "Transmit voltage", Margins()),
            Flag("EnterModifiedCompliance", 10, "Sends the modified pattern"),
            Flag("ComplianceSOS", 11, "Sends SKP sets between patterns"),
            Named("CompliancePreset", 12, 4, "Preset or de-emphasis of compliance mode", Presets())),
        Register("LnkSta2", 0x32, 2, W1C, "Link status 2",
            Named("De-emphasis", 0, 1, "De-emphasis now", Deemphases()),
            Flag("EqualizationComplete", 1, "Equalization at 8 GT/s is complete"),
            Flag("EqualizationPhase1", 2, "Phase 1 at 8 GT/s succeeded"),
            Flag("EqualizationPhase2", 3, "Phase 2 at 8 GT/s succeeded"),
            Flag("EqualizationPhase3", 4, "Phase 3 at 8 GT/s succeeded"),
            Flag("LinkEqualizationRequest", 5, "Equalization is requested"),
            Flag("Retimer", 6, "A retimer is present"),
            Flag("2Retimers", 7, "Two retimers are present"),
            Named("CrosslinkRes", 8, 2, "Result of a crosslink", Names(
                "unsupported", "Upstream Port", "Downstream Port", "incomplete")),
            Flag("FlitMode", 10, "Uses flit mode"),
            Named("DownstreamComp", 12, 3, "Downstream component", Components()),
            Flag("DRS", 15, "The downstream device reported readiness")),
    ]);

    // Sections 7.5.3.21 to 7.5.3.23. Most of these registers have no defined fields yet.
    internal static readonly IReadOnlyList<RegisterDescription> Slot = Array.AsReadOnly<RegisterDescription>(
    [
        Register("SltCap2", 0x34, 4, Ro, "Slot capabilities 2", Flag(
            "InbandPDDis", 0, "In-band presence detection can be disabled")),
        Register("SltCtl2", 0x38, 2, Rw, "Slot control 2"),
        Register("SltSta2", 0x3a, 2, Ro, "Slot status 2"),
    ]);

    private static IReadOnlyList<RegisterFieldValue> CompletionRanges() => Names(
        "Not Supported",
        "Range A",
        "Range B",
        "Range AB",
        "",
        "",
        "Range BC",
        "Range ABC",
        "",
        "",
        "",
        "",
        "",
        "",
        "Range BCD",
        "Range ABCD");

    private static IReadOnlyList<RegisterFieldValue> Timeouts() => Names(
        "50us to 50ms",
        "50us to 100us",
        "1ms to 10ms",
        "",
        "",
        "16ms to 55ms",
        "65ms to 210ms",
        "",
        "",
        "260ms to 900ms",
        "1s to 3.5s",
        "",
        "",
        "4s to 13s",
        "17s to 64s");

    private static IReadOnlyList<RegisterFieldValue> Deemphases() => Names("-6dB", "-3.5dB");

    private static IReadOnlyList<RegisterFieldValue> Margins() => Names(
        "Normal Operating Range",
        "800-1200mV(full-swing)/400-700mV(half-swing)",
        "200-400mV(full-swing)/100-200mV(half-swing)",
        "200-400mV(full-swing)/100-200mV(half-swing)",
        "200-400mV(full-swing)/100-200mV(half-swing)",
        "200-400mV(full-swing)/100-200mV(half-swing)");

    private static IReadOnlyList<RegisterFieldValue> Presets() => Names(
        "-6dB de-emphasis, 0dB preshoot", "-3.5dB de-emphasis, 0dB preshoot", "-4.4dB de-emphasis, 0dB preshoot",
        "-2.5dB de-emphasis, 0dB preshoot", "0dB de-emphasis, 0dB preshoot", "0dB de-emphasis, 1.9dB preshoot",
        "0dB de-emphasis, 2.5dB preshoot", "-6.0dB de-emphasis, 3.5dB preshoot", "-3.5dB de-emphasis, 3.5dB preshoot",
        "0dB de-emphasis, 3.5dB preshoot");

    private static IReadOnlyList<RegisterFieldValue> Components() => Names(
        "Link Down - Not Determined", "Link Down - Not Present", "Link Down - Present", "", "Link Up - Present",
        "Link Up - Present and DRS Received");

    // Each bit is a speed. All speeds between the slowest and the fastest must be supported (section 8.2.1), so the
    // highest bit is enough.
    private static ReadOnlyCollection<RegisterFieldValue> SpeedVectors()
    {
        string[] fastest = ["2.5GT/s", "2.5-5GT/s", "2.5-8GT/s", "2.5-16GT/s", "2.5-32GT/s", "2.5-64GT/s"];
        List<RegisterFieldValue> values = [];
        for (int bits = 1; bits < 1 << fastest.Length; bits++)
        {
            values.Add(new RegisterFieldValue((ulong)bits, fastest[int.Log2(bits)]));
        }

        return values.AsReadOnly();
    }
}
