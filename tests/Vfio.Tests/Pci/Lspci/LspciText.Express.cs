using Vfio.Pci;

namespace Vfio.Tests.Pci;

internal sealed partial class LspciText
{
    private const int Endpoint = 0;
    private const int LegacyEndpoint = 1;
    private const int RootPort = 4;
    private const int Upstream = 5;
    private const int Downstream = 6;
    private const int ToPci = 7;
    private const int FromPci = 8;
    private const int Integrated = 9;
    private const int EventCollector = 10;

    private void WriteExpress(PciCapability capability, LspciPart part)
    {
        int type = (int)part.Number("Flags", "Type");
        bool isDown = type is RootPort or Downstream or FromPci;
        bool hasSlot = isDown && part.Flag("Flags", "Slot");
        bool hasLink = type is not (Integrated or EventCollector);
        bool isRoot = type is RootPort or EventCollector;
        string kind = capability.Summary![..capability.Summary!.IndexOf(", MSI", StringComparison.Ordinal)];
        part.Write("Flags", "");
        Assert.Equal(
            kind,
            (type is <= 1 or (>= 4 and <= 10) ? Describe(capability, "Flags", "Type") : $"Unknown type {type}")
            + (isDown ? $" (Slot{Sign(part.Flag("Flags", "Slot"))})" : ""));
        Assert.EndsWith($", MSI {part.Number("Flags", "MSI"):x2}", capability.Summary, StringComparison.Ordinal);
        if (!part.Has(4, isRoot ? 32 : hasSlot ? 24 : 16))
        {
            return;
        }

        WriteDevice(part, type);
        if (hasLink)
        {
            WriteLink(part, type);
        }

        if (hasSlot)
        {
            WriteSlot(part);
        }

        if (isRoot)
        {
            part.Write("RootCap", "\t\tRootCap: +CRSVisible\n");
            part.Write("RootCtl", "\t\tRootCtl: +ErrCorrectable +ErrNon-Fatal +ErrFatal +PMEIntEna +CRSVisible\n");
            part.Write("RootSta", "\t\tRootSta: PME ReqID {PMEReqID:x4}, +PMEStatus +PMEPending\n");
        }

        if (part.Number("Flags", "Version") >= 2 && part.Has(0x24, hasSlot ? 24 : 16))
        {
            WriteDevice2(part, type);
            if (hasLink)
            {
                WriteLink2(part, type);
            }
        }
    }

    private static string Describe(PciCapability capability, string register, string field)
    {
        RegisterReading reading = capability.Find(register)!.Value;
        return reading.Register.Fields.Single(candidate => candidate.Name == field).Describe(reading.Raw);
    }

    private static void WriteDevice(LspciPart part, int type)
    {
        bool isEndpoint = type is Endpoint or LegacyEndpoint;
        string payload = $"{128 << (int)part.Number("DevCap", "MaxPayload")} bytes";
        part.Write("DevCap", $"\t\tDevCap:\tMaxPayload {{MaxPayload|{payload}}}, PhantFunc {{PhantFunc}}");
        part.Write("DevCap", isEndpoint ? ", Latency L0s {LatencyL0s}, L1 {LatencyL1}\n" : "\n");
        part.Write("DevCap", "\t\t\t+ExtTag");
        part.Write("DevCap", isEndpoint || type is Upstream or ToPci ? " +AttnBtn +AttnInd +PwrInd" : "");
        part.Write("DevCap", " +RBE");
        part.Write("DevCap", isEndpoint || type is Integrated ? " +FLReset" : "");
        if (type is Endpoint or Upstream or ToPci)
        {
            part.Write("DevCap", " SlotPowerLimit {=Slot power limit}");
            AssertPower(
                part.Derived("Slot power limit"),
                part.Number("DevCap", "SlotPowerLimitValue"),
                part.Number("DevCap", "SlotPowerLimitScale"));
        }

        part.Write(
            "DevCtl",
            "\n\t\tDevCtl:\t+CorrErr +NonFatalErr +FatalErr +UnsupReq\n"
            + "\t\t\t+RlxdOrd +ExtTag +PhantFunc +AuxPwr +NoSnoop");
        part.Write("DevCtl", type == ToPci ? " +BrConfRtry" : "");
        part.Write(
            "DevCtl",
            (isEndpoint || type == Integrated) && part.Flag("DevCap", "FLReset") ? " FLReset{BrConfRtry}" : "");
        string allowed = $"{128 << (int)part.Number("DevCtl", "MaxPayload")} bytes";
        string request = $"{128 << (int)part.Number("DevCtl", "MaxReadReq")} bytes";
        part.Write("DevCtl", $"\n\t\t\tMaxPayload {{MaxPayload|{allowed}}}, MaxReadReq {{MaxReadReq|{request}}}\n");
        part.Write("DevSta", "\t\tDevSta:\t+CorrErr +NonFatalErr +FatalErr +UnsupReq +AuxPwr +TransPend\n");
    }

    // Checks the watts again, with other arithmetic.
    private static void AssertPower(string text, uint value, uint scale)
    {
        double watts = scale == 0 && value >= 0xf0 ? 250 + (25.0 * (value - 0xf0)) : value / Math.Pow(10, scale);
        Assert.Equal(scale == 0 && value == 0xff ? ">600W" : $"{watts:0.###}W", text);
    }

    private void WriteLink(LspciPart part, int type)
    {
        part.Write("LnkCap", "\t\tLnkCap:\tPort #{Port}, Speed {Speed|unknown}, Width {Width|x#}, ASPM {ASPM}");
        uint aspm = part.Number("LnkCap", "ASPM");
        WriteIf(aspm != 0, ", Exit Latency ");
        part.Write("LnkCap", (aspm & 1) != 0 ? "L0s {ExitL0s}" : "");
        WriteIf(aspm == 3, ", ");
        part.Write("LnkCap", (aspm & 2) != 0 ? "L1 {ExitL1}" : "");
        part.Write("LnkCap", "\n\t\t\t+ClockPM +Surprise +LLActRep +BwNot +ASPMOptComp\n");
        part.Write("LnkCtl", "\t\tLnkCtl:\tASPM {ASPM};");
        part.Write("LnkCtl", type is RootPort or Endpoint or LegacyEndpoint or ToPci ? " RCB {RCB}," : "");
        part.Write("LnkCtl", " +Disabled +CommClk\n\t\t\t+ExtSynch +ClockPM +AutWidDis +BWInt +AutBWInt\n");
        part.Write("LnkSta", "\t\tLnkSta:\tSpeed {=Link speed}, Width {=Link width}\n");
        part.Write("LnkSta", "\t\t\t+TrErr +Train +SlotClk +DLActive +BWMgmt +ABWMgmt\n");
        Assert.Equal($"x{part.Number("LnkSta", "Width")}", part.Derived("Link width").Split(' ')[0]);
        uint speed = part.Number("LnkSta", "Speed");
        Assert.Equal(
            speed switch { 1 => "2.5GT/s", 2 => "5GT/s", >= 3 and <= 6 => $"{1 << (int)speed}GT/s", _ => "unknown" },
            part.Derived("Link speed").Split(' ')[0]);
    }

    private static void WriteSlot(LspciPart part)
    {
        part.Write(
            "SltCap",
            "\t\tSltCap:\t+AttnBtn +PwrCtrl +MRL +AttnInd +PwrInd +HotPlug +Surprise\n"
            + "\t\t\tSlot #{Slot}, PowerLimit {=Power limit}; +Interlock +NoCompl\n");
        AssertPower(
            part.Derived("Power limit"),
            part.Number("SltCap", "PowerLimitValue"),
            part.Number("SltCap", "PowerLimitScale"));
        part.Write("SltCtl", "\t\tSltCtl:\tEnable: +AttnBtn +PwrFlt +MRL +PresDet +CmdCplt +HPIrq +LinkChg\n");
        part.Write("SltCtl", "\t\t\tControl: AttnInd {AttnInd}, PwrInd {PwrInd}, +Power +Interlock\n");
        part.Write("SltSta", "\t\tSltSta:\tStatus: +AttnBtn +PowerFlt +MRL +CmdCplt +PresDet +Interlock\n");
        part.Write("SltSta", "\t\t\tChanged: MRL{MRLChanged} PresDet{PresDetChanged} +LinkState\n");
    }

    private void WriteDevice2(LspciPart part, int type)
    {
        bool isPort = type is RootPort or Upstream or Downstream;
        bool hasMemory = HasMemoryRegister();
        part.Write(
            "DevCap2", "\t\tDevCap2: Completion Timeout: {CompletionTimeout|Unknown}, +TimeoutDis +NROPrPrP +LTR");
        part.Write("DevCap2", "\n\t\t\t +10BitTagComp +10BitTagReq OBFF {OBFF}, +ExtFmt +EETLPPrefix");
        part.Write("DevCap2", part.Flag("DevCap2", "EETLPPrefix") ? ", MaxEETLPPrefixes {MaxEETLPPrefixes}" : "");
        part.Write(
            "DevCap2",
            "\n\t\t\t EmergencyPowerReduction {EmergencyPowerReduction}, +EmergencyPowerReductionInit\n\t\t\t +FRS");
        part.Write("DevCap2", type == RootPort ? " LN System CLS {LNSystemCLS}," : "");
        string hints = part.Number("DevCap2", "TPHComp") == 2 ? " " : " {TPHComp}";
        part.Write("DevCap2", type is RootPort or Endpoint ? hints : "");
        part.Write("DevCap2", type is RootPort or Downstream ? " +ARIFwd\n" : "\n");
        if (isPort || hasMemory)
        {
            part.Write("DevCap2", "\t\t\t AtomicOpsCap:");
            part.Write("DevCap2", isPort ? " +Routing" : "");
            part.Write("DevCap2", type == RootPort || hasMemory ? " +32bit +64bit +128bitCAS\n" : "\n");
        }

        part.Write(
            "DevCtl2",
            "\t\tDevCtl2: Completion Timeout: {CompletionTimeout|Unknown}, +TimeoutDis +LTR +10BitTagReq OBFF {OBFF},");
        part.Write("DevCtl2", type is RootPort or Downstream ? " +ARIFwd\n" : "\n");
        if (isPort || type is Endpoint or Integrated or LegacyEndpoint)
        {
            part.Write("DevCtl2", "\t\t\t AtomicOpsCtl:");
            part.Write("DevCtl2", type is RootPort or Endpoint or Integrated or LegacyEndpoint ? " +ReqEn" : "");
            part.Write("DevCtl2", isPort ? " +EgressBlck\n" : "\n");
        }
    }

    // As lspci does it: any base address that is set and is not for ports.
    private bool HasMemoryRegister()
    {
        int count = _config.Header.HeaderType switch { 0 => 6, 1 => 2, _ => 1 };
        for (int i = 0; i < count; i++)
        {
            uint raw = _header.Number(_config.Header.HeaderType == 2 ? "CB_CARDBUS_BASE" : $"BASE_ADDRESS_{i}");
            if (raw is 0 or uint.MaxValue)
            {
                continue;
            }

            if ((raw & 1) != 0)
            {
                continue;
            }

            if ((raw & 6) != 4)
            {
                return true;
            }

            if (i < count - 1)
            {
                return true;
            }
        }

        return false;
    }

    private void WriteLink2(LspciPart part, int type)
    {
        bool isShown = !(type is Endpoint or LegacyEndpoint && _device != 0);
        uint capable = part.Number("LnkCap2");
        if (isShown && capable != 0)
        {
            string speeds = (part.Number("LnkCap2", "Speeds") & 0x60) != 0 ? "RsvdP" : "{Speeds|Unknown}";
            part.Write(
                "LnkCap2", $"\t\tLnkCap2: Supported Link Speeds: {speeds}, +Crosslink +Retimer +2Retimers +DRS\n");
        }

        if (isShown)
        {
            part.Write(
                "LnkCtl2", "\t\tLnkCtl2: Target Link Speed: {TargetLinkSpeed|Unknown}, +EnterCompliance +SpeedDis");
            part.Write("LnkCtl2", type == Downstream ? ", Selectable De-emphasis: {SelectableDe-emphasis}\n" : "\n");
            part.Write(
                "LnkCtl2",
                "\t\t\t Transmit Margin: {TransmitMargin|Unknown}, +EnterModifiedCompliance +ComplianceSOS\n");
            part.Write("LnkCtl2", "\t\t\t Compliance Preset/De-emphasis: {CompliancePreset|Unknown}\n");
        }

        part.Write(
            "LnkSta2",
            "\t\tLnkSta2: Current De-emphasis Level: {De-emphasis}, +EqualizationComplete +EqualizationPhase1\n");
        part.Write(
            "LnkSta2",
            "\t\t\t +EqualizationPhase2 +EqualizationPhase3 +LinkEqualizationRequest\n"
            + "\t\t\t +Retimer +2Retimers CrosslinkRes: {CrosslinkRes}");
        bool hasReadiness = type is RootPort or Downstream or FromPci && part.Flag("LnkCap2", "DRS");
        part.Write("LnkSta2", hasReadiness ? ", +DRS\n\t\t\t DownstreamComp: {DownstreamComp|Reserved}\n" : "\n");
    }
}
