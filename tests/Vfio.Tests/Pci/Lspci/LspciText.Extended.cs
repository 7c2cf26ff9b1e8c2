using Vfio.Pci;

namespace Vfio.Tests.Pci;

internal sealed partial class LspciText
{
    private static readonly ushort[] OnlyNamed =
        [0x04, 0x06, 0x08, 0x0a, 0x11, 0x16, 0x1a, 0x1c, 0x20, 0x21, 0x22, 0x25, 0x26, 0x27, 0x28, 0x29];

    private void WriteExtended(PciCapability capability, LspciPart part, int type)
    {
        if (OnlyNamed.Contains(capability.Id))
        {
            WriteLine($"{capability.Name} <?>");
            return;
        }

        switch (capability.Id)
        {
            case 0x00:
                WriteLine(capability.Name);
                break;
            case 0x03:
                WriteIf(part.Has(4, 8), $"{capability.Name} {capability.Summary}\n");
                if (part.Has(4, 8))
                {
                    Assert.Equal(
                        $"{part.Number("Upper"):x8}{part.Number("Lower"):x8}",
                        part.Derived("Serial number").Replace("-", "", StringComparison.Ordinal));
                }

                break;
            case 0x0b:
                WriteLine($"{capability.Name}: {(part.Has(4, 4) ? $"{capability.Summary} <?>" : "<unreadable>")}");
                if (part.Has(4, 4))
                {
                    Assert.Equal(
                        $"ID={part.Number("Header", "ID"):x4} Rev={part.Number("Header", "Rev")} "
                        + $"Len={part.Number("Header", "Len"):x3}",
                        capability.Summary);
                }

                break;
            case 0x23:
                WriteDesignated(capability, part);
                break;
            default:
                WriteIf(Decoded(capability.Id) is null, $"Extended Capability ID 0x{capability.Id:x}\n");
                WriteIf(Decoded(capability.Id) is not null, $"{capability.Name}\n");
                Decoded(capability.Id)?.Invoke(part, type);
                break;
        }
    }

    private static Action<LspciPart, int>? Decoded(ushort id) => id switch
    {
        0x01 => WriteErrorReporting,
        0x02 or 0x09 => (part, _) => WriteVirtualChannel(part),
        0x05 => (part, _) => WriteRootComplexLink(part),
        0x07 => (part, _) => WriteEventCollector(part),
        0x0d => (part, _) => WriteAccessControl(part),
        0x0e => (part, _) => WriteIf(part, 4, 4, p =>
        {
            p.Write("ARICap", "\t\tARICap:\t+MFVC +ACS, Next Function: {NextFunction}\n");
            p.Write("ARICtl", "\t\tARICtl:\t+MFVC +ACS, Function Group: {FunctionGroup}\n");
        }),
        0x0f => (part, _) => WriteIf(part, 4, 4, p =>
        {
            p.Write("ATSCap", "\t\tATSCap:\tInvalidate Queue Depth: {InvalidateQueueDepth:x2}\n");
            p.Write("ATSCtl", "\t\tATSCtl:\t+Enable, Smallest Translation Unit: {SmallestTranslationUnit:x2}\n");
        }),
        0x10 => (part, _) => WriteVirtualization(part),
        0x12 => WriteMulticast,
        0x13 => (part, _) => WriteIf(part, 4, 12, p =>
        {
            p.Write("PRICtl", "\t\tPRICtl: +Enable +Reset\n");
            p.Write("PRISta", "\t\tPRISta: +RF +UPRGI +Stopped\n");
            p.Write("", "\t\tPage Request Capacity: {Capacity/*:x8}, Page Request Allocation: {Allocation/*:x8}\n");
        }),
        0x15 or 0x24 => (part, _) => WriteResizableBar(part),
        0x17 => (part, _) => WriteHints(part),
        0x18 => (part, _) => WriteIf(part, 4, 4, p =>
        {
            p.Write("", $"\t\tMax snoop latency: {Latency(p, "MaxSnoop", "Max snoop latency")}\n");
            p.Write("", $"\t\tMax no snoop latency: {Latency(p, "MaxNoSnoop", "Max no snoop latency")}\n");
        }),
        0x19 => (part, _) => WriteIf(part, 4, 12, p =>
        {
            p.Write("LnkCtl3", "\t\tLnkCtl3: +LnkEquIntrruptEn +PerformEqu\n");
            p.Write("", "\t\tLaneErrStat: {=Lane errors}\n");
            uint lanes = p.Number("LaneErrStat") & 0xffff;
            IEnumerable<int> failed = Enumerable.Range(0, 16).Where(lane => (lanes >> lane & 1) != 0);
            Assert.Equal(lanes == 0 ? "0" : $"LaneErr at lane: {string.Join(' ', failed)}", p.Derived("Lane errors"));
        }),
        0x1b => (part, _) => WriteIf(part, 4, 4, p =>
        {
            p.Write("PASIDCap", "\t\tPASIDCap: +Exec +Priv, Max PASID Width: {MaxPASIDWidth:x2}\n");
            p.Write("PASIDCtl", "\t\tPASIDCtl: +Enable +Exec +Priv\n");
        }),
        0x1d => (part, _) => WriteIf(part, 4, 8, p =>
        {
            p.Write(
                "DpcCap",
                "\t\tDpcCap:\tINT Msg #{INTMsg}, +RPExt +PoisonedTLP +SwTrigger RP PIO Log "
                + "{RPPIOLog}, +DL_ActiveErr\n");
            p.Write(
                "DpcCtl",
                "\t\tDpcCtl:\tTrigger:{Trigger:x} +Cmpl +INT +ErrCor +PoisonedTLP +SwTrigger +DL_ActiveErr\n");
            p.Write(
                "DpcSta",
                "\t\tDpcSta:\t+Trigger Reason:{Reason:x2} +INT +RPBusy TriggerExt:{TriggerExt:x2} RP PIO "
                + "ErrPtr:{RPPIOErrPtr:x2}\n");
            p.Write("", "\t\tSource:\t{Source/*:x4}\n");
        }),
        0x1e => (part, _) => WriteSubstates(part),
        0x1f => (part, _) => WriteIf(part, 4, 8, p =>
        {
            p.Write(
                "PTMCap",
                "\t\tPTMCap: Requester:{Requester} Responder:{Responder} Root:{Root}\n"
                + "\t\tPTMClockGranularity: {ClockGranularity|#ns}\n");
            p.Write(
                "PTMControl",
                "\t\tPTMControl: Enabled:{Enabled} RootSelected:{RootSelected}\n"
                + "\t\tPTMEffectiveGranularity: {EffectiveGranularity|#ns}\n");
        }, "\t\t<unreadable>\n"),
        0x2e => (part, _) => WriteIf(part, 4, 20, p =>
        {
            p.Write(
                "DOECap",
                "\t\tDOECap: +IntSup\n"
                + (p.Flag("DOECap", "IntSup") ? "\t\t\tInterrupt Message Number {IntMsg:x3}\n" : ""));
            p.Write("DOECtl", "\t\tDOECtl: +IntEn\n");
            bool error = p.Flag("DOESta", "Busy") || p.Flag("DOESta", "IntSta");
            p.Write("DOESta", $"\t\tDOESta: +Busy +IntSta Error{Sign(error)} +ObjectReady\n");
        }, "\t\t<unreadable>\n"),
        _ => null,
    };

    private static void WriteIf(LspciPart part, int at, int length, Action<LspciPart> write, string otherwise = "")
    {
        if (part.Has(at, length))
        {
            write(part);
        }
        else
        {
            part.Write("", otherwise);
        }
    }

    // lspci shifts by the scale even if no value is permitted.
    private static string Latency(LspciPart part, string register, string derived)
    {
        ulong value = part.Number(register, "Value");
        uint scale = part.Number(register, "Scale");
        string text = part.Derived(derived);
        return scale <= 5 ? text : $"{value * (scale == 6 ? 1ul << 30 : 8)}ns";
    }

    private static void WriteErrorReporting(LspciPart part, int type)
    {
        if (!part.Has(4, 40))
        {
            return;
        }

        foreach (string register in new[] { "UESta", "UEMsk", "UESvrt" })
        {
            part.Write(
                register,
                $"\t\t{register}:\t+DLP +SDES +TLP +FCP +CmpltTO +CmpltAbrt +UnxCmplt +RxOF +MalfTLP +ECRC "
                + $"+UnsupReq +ACSViol\n");
        }

        foreach (string register in new[] { "CESta", "CEMsk" })
        {
            part.Write(register, $"\t\t{register}:\t+RxErr +BadTLP +BadDLLP +Rollover +Timeout +AdvNonFatalErr\n");
        }

        part.Write(
            "AERCap",
            "\t\tAERCap:\tFirst Error Pointer: {FirstErrorPointer:x2}, +ECRCGenCap +ECRCGenEn "
            + "+ECRCChkCap +ECRCChkEn\n");
        part.Write("AERCap", "\t\t\t+MultHdrRecCap +MultHdrRecEn +TLPPfxPres +HdrLogCap\n");
        part.Write("", "\t\tHeaderLog: {HeaderLog0/*:x8} {HeaderLog1/*:x8} {HeaderLog2/*:x8} {HeaderLog3/*:x8}\n");
        if (type is RootPort or EventCollector && part.Has(0x2c, 12))
        {
            part.Write("RootCmd", "\t\tRootCmd: +CERptEn +NFERptEn +FERptEn\n");
            part.Write(
                "RootSta",
                "\t\tRootSta: +CERcvd +MultCERcvd +UERcvd +MultUERcvd\n"
                + "\t\t\t +FirstFatal +NonFatalMsg +FatalMsg IntMsg {IntMsg}\n");
            part.Write("", "\t\tErrorSrc: ERR_COR: {ErrorSrcCor/*:x4} ERR_FATAL/NONFATAL: {ErrorSrc/*:x4}\n");
        }
    }

    private static void WriteAccessControl(LspciPart part)
    {
        foreach (string register in new[] { "ACSCap", "ACSCtl" })
        {
            if (part.Has(4, 4))
            {
                part.Write(
                    register,
                    $"\t\t{register}:\t+SrcValid +TransBlk +ReqRedir +CmpltRedir +UpstreamFwd "
                    + $"+EgressCtrl +DirectTrans\n");
            }
        }
    }

    private static void WriteVirtualization(LspciPart part)
    {
        if (!part.Has(4, 0x3c))
        {
            return;
        }

        part.Write("IOVCap", "\t\tIOVCap:\t+Migration +10BitTagReq Interrupt Message Number: {IntMsg:x3}\n");
        part.Write("IOVCtl", "\t\tIOVCtl:\t+Enable +Migration +Interrupt +MSE +ARIHierarchy +10BitTagReq\n");
        part.Write("IOVSta", "\t\tIOVSta:\t+Migration\n");
        part.Write(
            "",
            "\t\tInitial VFs: {InitialVFs/*}, Total VFs: {TotalVFs/*}, Number of VFs: {NumVFs/*}, Function Dependency "
            + "Link: {FunctionDependencyLink/*:x2}\n");
        part.Write("", "\t\tVF offset: {VFOffset/*}, stride: {VFStride/*}, Device ID: {VFDeviceID/*:x4}\n");
        part.Write("", "\t\tSupported Page Size: {SupportedPageSize/*:x8}, System Page Size: {SystemPageSize/*:x8}\n");
        for (int i = 0; i < 6; i++)
        {
            string register = $"VFBAR{i}";
            uint raw = part.Number(register);
            if (raw is 0 or uint.MaxValue)
            {
                continue;
            }

            uint type = part.Number(register, "Type");
            string prefix = part.Flag(register, "Prefetchable") ? "" : "non-";
            string region = $"Region {i}";
            string low = $"{part.Number(register, "Address") << 4:x8}";
            i += type == 2 ? 1 : 0;

            // After the last register, lspci reads the next one, which is not an address.
            string high = type != 2 ? ""
                : i < 6 ? $"{part.Number($"VFBAR{i}"):x8}"
                : $"{part.Number("VFMigration"):x8}";
            string text = $"Memory at {high}{low} ({(type == 0 ? "32" : "64")}-bit, {prefix}prefetchable)";
            Assert.Equal(i < 6 ? text : text.Replace(high, "", StringComparison.Ordinal), part.Derived(region));
            part.Write("", $"\t\t{region}: {text}\n");
        }

        part.Write("", "\t\tVF Migration: {=VF Migration}\n");
        Assert.Equal(
            $"offset: {part.Number("VFMigration", "Offset8") << 3:x8}, BIR: {part.Number("VFMigration", "BIR"):x}",
            part.Derived("VF Migration"));
    }
}
