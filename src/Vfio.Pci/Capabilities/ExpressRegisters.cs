using static Vfio.Pci.ExpressValues;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// The first half of the registers of the Express capability (PCI Express Base Specification 6.0, sections 7.5.3.3 to
/// 7.5.3.14).
/// </summary>
internal static class ExpressRegisters
{
    // Sections 7.5.3.3 to 7.5.3.5.
    internal static readonly IReadOnlyList<RegisterDescription> Device = Array.AsReadOnly<RegisterDescription>(
    [
        Register("DevCap", 4, 4, Ro, "Device capabilities",
            Named("MaxPayload", 0, 3, "Largest supported payload", Payloads),
            Named("PhantFunc", 3, 2, "Function numbers usable as phantom functions", Names("0", "1", "3", "7")),
            Flag("ExtTag", 5, "Supports 8-bit tags"),
            Named("LatencyL0s", 6, 3, "Acceptable latency from L0s", L0sLatencies),
            Named("LatencyL1", 9, 3, "Acceptable latency from L1", L1Latencies),
            Flag("AttnBtn", 12, "Attention button on the card"),
            Flag("AttnInd", 13, "Attention indicator on the card"),
            Flag("PwrInd", 14, "Power indicator on the card"),
            Flag("RBE", 15, "Role-based error reporting"),
            Flag("ErrCorSubclass", 16, "ERR_COR messages have a subclass"),
            Number("SlotPowerLimitValue", 18, 8, "Slot power limit"),
            Number("SlotPowerLimitScale", 26, 2, "Slot power limit: 1/10 to the power of this"),
            Flag("FLReset", 28, "Supports function level reset"),
            Flag("MixedMPS", 29, "Supports mixed payload sizes"),
            Flag("TEE-IO", 30, "Can be assigned to a trusted environment")),
        Register("DevCtl", 8, 2, Rw, "Device control",
            Flag("CorrErr", 0, "Reports correctable errors"),
            Flag("NonFatalErr", 1, "Reports non-fatal errors"),
            Flag("FatalErr", 2, "Reports fatal errors"),
            Flag("UnsupReq", 3, "Reports unsupported requests"),
            Flag("RlxdOrd", 4, "May set relaxed ordering"),
            Named("MaxPayload", 5, 3, "Largest payload allowed", Payloads),
            Flag("ExtTag", 8, "May use 8-bit tags"),
            Flag("PhantFunc", 9, "May use phantom functions"),
            Flag("AuxPwr", 10, "May draw auxiliary power"),
            Flag("NoSnoop", 11, "May set no-snoop"),
            Named("MaxReadReq", 12, 3, "Largest read request allowed", Payloads),
            Flag("BrConfRtry", 15, "Bridge: answers with configuration retry; endpoint: 1 resets the function")),
        Register("DevSta", 10, 2, W1C, "Device status",
            Flag("CorrErr", 0, "Correctable error seen"),
            Flag("NonFatalErr", 1, "Non-fatal error seen"),
            Flag("FatalErr", 2, "Fatal error seen"),
            Flag("UnsupReq", 3, "Unsupported request seen"),
            Flag("AuxPwr", 4, "Auxiliary power is present"),
            Flag("TransPend", 5, "Requests are not completed yet"),
            Flag("EmergPwrRed", 6, "Emergency power reduction seen")),
    ]);

    // Sections 7.5.3.6 to 7.5.3.8.
    internal static readonly IReadOnlyList<RegisterDescription> Link = Array.AsReadOnly<RegisterDescription>(
    [
        Register("LnkCap", 0x0c, 4, Ro, "Link capabilities",
            Named("Speed", 0, 4, "Fastest link speed", Speeds),
            Named("Width", 4, 6, "Widest link", Widths),
            Named("ASPM", 10, 2, "Power states the link can enter by itself", Names(
                "not supported", "L0s", "L1", "L0s L1")),
            Named("ExitL0s", 12, 3, "Latency from L0s", L0sLatencies),
            Named("ExitL1", 15, 3, "Latency from L1", L1Latencies),
            Flag("ClockPM", 18, "Works without reference clock in L1"),
            Flag("Surprise", 19, "Reports when the link goes down"),
            Flag("LLActRep", 20, "Reports when the link is active"),
            Flag("BwNot", 21, "Reports changes of bandwidth"),
            Flag("ASPMOptComp", 22, "Complies with the newer ASPM rules"),
            Number("Port", 24, 8, "Port number")),
        Register("LnkCtl", 0x10, 2, Rw, "Link control",
            Named("ASPM", 0, 2, "Power states the link may enter by itself", Names(
                "Disabled", "L0s Enabled", "L1 Enabled", "L0s L1 Enabled")),
            Flag("PTMPropDelayAdapt", 2, "PTM propagation delay in the other byte order"),
            Named("RCB", 3, 1, "Read completion boundary", Names("64 bytes", "128 bytes")),
            Flag("Disabled", 4, "Link is disabled"),
            Flag("Retrain", 5, "Writing 1 retrains the link"),
            Flag("CommClk", 6, "Both ends use a common clock"),
            Flag("ExtSynch", 7, "Sends longer synchronisation"),
            Flag("ClockPM", 8, "The reference clock may be stopped"),
            Flag("AutWidDis", 9, "May not change its width by itself"),
            Flag("BWInt", 10, "Interrupt on managed bandwidth change"),
            Flag("AutBWInt", 11, "Interrupt on autonomous bandwidth change"),
            Flag("SRIS", 12, "Clocks with independent spread spectrum"),
            Flag("FlitModeDis", 13, "Flit mode is disabled"),
            Number("DRS", 14, 2, "Device readiness signalling")),
        Register("LnkSta", 0x12, 2, W1C, "Link status",
            Named("Speed", 0, 4, "Link speed now", Speeds),
            Named("Width", 4, 6, "Link width now", Widths),
            Flag("TrErr", 10, "Training error (before version 2.0)"),
            Flag("Train", 11, "Link is in training"),
            Flag("SlotClk", 12, "Uses the connector's clock"),
            Flag("DLActive", 13, "Data link layer is active"),
            Flag("BWMgmt", 14, "Bandwidth was changed by software"),
            Flag("ABWMgmt", 15, "Bandwidth changed by itself")),
    ]);

    // Sections 7.5.3.9 to 7.5.3.11.
    internal static readonly IReadOnlyList<RegisterDescription> Slot = Array.AsReadOnly<RegisterDescription>(
    [
        Register("SltCap", 0x14, 4, Ro, "Slot capabilities",
            Flag("AttnBtn", 0, "Attention button"),
            Flag("PwrCtrl", 1, "Power controller"),
            Flag("MRL", 2, "Manual retention latch sensor"),
            Flag("AttnInd", 3, "Attention indicator"),
            Flag("PwrInd", 4, "Power indicator"),
            Flag("Surprise", 5, "Device may be removed without notice"),
            Flag("HotPlug", 6, "Supports hot-plug"),
            Number("PowerLimitValue", 7, 8, "Slot power limit"),
            Number("PowerLimitScale", 15, 2, "Slot power limit: 1/10 to the power of this"),
            Flag("Interlock", 17, "Electromechanical interlock"),
            Flag("NoCompl", 18, "Does not report completed commands"),
            Number("Slot", 19, 13, "Physical slot number")),
        Register("SltCtl", 0x18, 2, Rw, "Slot control",
            Flag("AttnBtn", 0, "Interrupt on attention button"),
            Flag("PwrFlt", 1, "Interrupt on power fault"),
            Flag("MRL", 2, "Interrupt on latch"),
            Flag("PresDet", 3, "Interrupt on presence"),
            Flag("CmdCplt", 4, "Interrupt on completed command"),
            Flag("HPIrq", 5, "Hot-plug interrupts are enabled"),
            Named("AttnInd", 6, 2, "Attention indicator", Names("Unknown", "On", "Blink", "Off")),
            Named("PwrInd", 8, 2, "Power indicator", Names("Unknown", "On", "Blink", "Off")),
            Flag("Power", 10, "Power is off"),
            Flag("Interlock", 11, "Writing 1 toggles the interlock"),
            Flag("LinkChg", 12, "Interrupt on change of link state"),
            Flag("AutoPowerLimitDis", 13, "Power limit message is not sent automatically"),
            Flag("InbandPDDis", 14, "In-band presence detection disabled")),
        Register("SltSta", 0x1a, 2, W1C, "Slot status",
            Flag("AttnBtn", 0, "Attention button was pressed"),
            Flag("PowerFlt", 1, "Power fault seen"),
            Flag("MRLChanged", 2, "Latch changed"),
            Flag("PresDetChanged", 3, "Presence changed"),
            Flag("CmdCplt", 4, "Command completed"),
            Flag("MRL", 5, "Latch is open"),
            Flag("PresDet", 6, "Card is present"),
            Flag("Interlock", 7, "Interlock is engaged"),
            Flag("LinkState", 8, "Link state changed")),
    ]);

    // Sections 7.5.3.12 to 7.5.3.14.
    internal static readonly IReadOnlyList<RegisterDescription> Root = Array.AsReadOnly<RegisterDescription>(
    [
        Register("RootCtl", 0x1c, 2, Rw, "Root control",
            Flag("ErrCorrectable", 0, "System error on correctable errors"),
            Flag("ErrNon-Fatal", 1, "System error on non-fatal errors"),
            Flag("ErrFatal", 2, "System error on fatal errors"),
            Flag("PMEIntEna", 3, "Interrupt on PME"),
            Flag("CRSVisible", 4, "Software sees configuration retries"),
            Flag("NoNFMSeverity", 5, "Uses the severity of no-NFM subtree errors")),
        Register("RootCap", 0x1e, 2, Ro, "Root capabilities",
            Flag("CRSVisible", 0, "Can make configuration retries visible to software")),
        Register("RootSta", 0x20, 4, W1C, "Root status",
            Hex("PMEReqID", 0, 16, "Requester ID of the last PME"),
            Flag("PMEStatus", 16, "PME was signalled"),
            Flag("PMEPending", 17, "Another PME is pending")),
    ]);
}
