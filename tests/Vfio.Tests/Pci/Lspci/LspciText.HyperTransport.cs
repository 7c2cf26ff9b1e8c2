using Vfio.Pci;

namespace Vfio.Tests.Pci;

internal sealed partial class LspciText
{
    private static void WriteHyperTransport(PciCapability capability, LspciPart part)
    {
        string summary = capability.Summary!;
        if (summary.StartsWith("MSI", StringComparison.Ordinal))
        {
            Assert.Equal(
                $"MSI Mapping Enable{Sign(part.Flag("Command", "Enable"))} Fixed{Sign(part.Flag("Command", "Fixed"))}",
                summary);
        }
        else if (summary.StartsWith('#'))
        {
            Assert.Equal($"#{part.Number("Command", "Type"):x2}", summary);
        }

        if (part.HasDerived("Mapping Address Base"))
        {
            part.Write("", "\t\tMapping Address Base: {=Mapping Address Base}\n");
            Assert.Equal(
                $"{part.Number("AddressHi"):x8}{part.Number("Address", "Address") << 20:x8}",
                part.Derived("Mapping Address Base"));
        }
        else if (part.HasRegister("LinkControl0") && part.Has(4, 24))
        {
            WritePrimary(part);
        }
        else if (part.HasRegister("LinkControl") && part.Has(4, 20))
        {
            WriteSecondary(part);
        }
    }

    private static bool WriteRevisionNote(LspciPart part)
    {
        uint revision = part.Number("Revision");
        part.Write("", revision is > 0x11 and < 0x22 ? "\t\t!!! Possibly incomplete decoding\n" : "");
        Assert.Equal(
            $"{part.Number("Revision", "Major")}.{part.Number("Revision", "Minor"):00}", part.Derived("Revision ID"));
        return revision >= 0x22;
    }

    private static void WritePrimary(LspciPart part)
    {
        bool isNew = WriteRevisionNote(part);
        part.Write(
            "Command",
            "\t\tCommand: BaseUnitID={BaseUnitID} UnitCnt={UnitCnt} +MastHost +DefDir" + (isNew ? " +DUL\n" : "\n"));
        WriteHyperLink(part, "0", " 0", isNew);
        WriteHyperLink(part, "1", " 1", isNew);
        part.Write("", "\t\tRevision ID: {=Revision ID}\n");
        if (!isNew)
        {
            return;
        }

        WriteFrequency(part, "0", " 0");
        part.Write("Feature", "\t\tFeature Capability: +IsocFC +LDTSTOP +CRCTM +ECTLT +64bA +UIDRD\n");
        WriteFrequency(part, "1", " 1");
        WriteErrors(part);
        part.Write("", "\t\tBus Number: {BusNumber/*:x2}\n");
    }

    private static void WriteSecondary(LspciPart part)
    {
        bool isNew = WriteRevisionNote(part);
        part.Write(
            "Command",
            "\t\tCommand: +WarmRst +DblEnd"
            + (isNew ? " DevNum={DevNum} +ChainSide +HostHide +Slave +<EOCErr +DUL\n" : "\n"));
        WriteHyperLink(part, "", "", isNew);
        part.Write("", "\t\tRevision ID: {=Revision ID}\n");
        if (!isNew)
        {
            return;
        }

        WriteFrequency(part, "", "");
        part.Write("Feature", "\t\tFeature Capability: +IsocFC +LDTSTOP +CRCTM +ECTLT +64bA +UIDRD +ExtRS +UCnfE\n");
        if (part.Flag("Feature", "ExtRS"))
        {
            WriteErrors(part);
        }
    }

    private static void WriteHyperLink(LspciPart part, string suffix, string label, bool isNew)
    {
        part.Write(
            $"LinkControl{suffix}",
            $"\t\tLink Control{label}: +CFlE +CST +CFE +<LkFail +Init +EOC +TXO <CRCErr={{<CRCErr:x}}");
        part.Write($"LinkControl{suffix}", isNew ? " +IsocEn +LSEn +ExtCTL +64b\n" : "\n");
        part.Write($"LinkConfig{suffix}", $"\t\tLink Config{label}: " + (isNew
            ? "MLWI={MLWI} +DwFcIn MLWO={MLWO} +DwFcOut LWI={LWI} +DwFcInEn LWO={LWO} +DwFcOutEn\n"
            : "MLWI={MLWI} MLWO={MLWO} LWI={LWI} LWO={LWO}\n"));
    }

    private static void WriteFrequency(LspciPart part, string suffix, string label)
    {
        part.Write(
            $"LinkFrequency{suffix}",
            $"\t\tLink Frequency{label}: {{Freq}}\n\t\tLink Error{label}: +<Prot +<Ovfl +<EOC +CTLTm\n");
        part.Write(
            $"LinkFrequencyCapability{suffix}",
            $"\t\tLink Frequency Capability{label}: +200MHz +300MHz +400MHz +500MHz +600MHz +800MHz +1.0GHz +1.2GHz "
            + $"1.4GHz- 1.6GHz- Vend-\n");
    }

    private static void WriteErrors(LspciPart part)
    {
        part.Write(
            "ErrorHandling",
            "\t\tError Handling: +PFlE +OFlE +PFE +OFE +EOCFE +RFE +CRCFE +SERRFE +CF +RE +PNFE +ONFE "
            + "+EOCNFE +RNFE +CRCNFE +SERRNFE\n");
        part.Write("", "\t\tPrefetchable memory behind bridge Upper: {MemoryBaseUpper/*:x2}-{MemoryLimitUpper/*:x2}\n");
    }
}
