using Vfio.Pci;

namespace Vfio.Tests.Pci;

internal sealed partial class LspciText
{
    private void WriteDesignated(PciCapability capability, LspciPart part)
    {
        if (!part.Has(4, 8))
        {
            WriteLine($"{capability.Name}: <unreadable>");
            return;
        }

        bool isCxl = capability.Summary!.EndsWith(": CXL", StringComparison.Ordinal);
        int length = (int)part.Number("Header1", "Len");
        uint revision = part.Number("Header1", "Rev");
        WriteLine($"{capability.Name}: {capability.Summary}{(isCxl ? "" : " <?>")}");
        Assert.StartsWith(
            $"Vendor={part.Number("Header1", "Vendor"):x4} ID={part.Number("Header2"):x4} Rev={revision} Len={length}",
            capability.Summary,
            StringComparison.Ordinal);
        if (!isCxl || !part.Has(0, length))
        {
            return;
        }

        switch (part.Number("Header2"))
        {
            case 0:
                WriteCxlDevice(part);
                break;
            case 2:
                for (int i = 0; i < 8; i++)
                {
                    part.Write("", $"\t\tFuncMap {i}: {part.Number($"FuncMap{i}") & 0xffff:x8}\n");
                }

                break;
            case 3:
                WriteCxlPort(part);
                break;
            case 4:
                WriteFlush(part, "GPF Phase 1 Timeout", "GPFPhase1");
                WriteFlush(part, "GPF Phase 2 Timeout", "GPFPhase2");
                break;
            case 5:
                WriteFlush(part, "GPF Phase 2 Duration", "GPFPhase2Duration");
                part.Write("", "\t\tGPF Phase 2 Power: {=GPF Phase 2 Power}\n");
                Assert.Equal($"{part.Number("GPFPhase2Power")}mW", part.Derived("GPF Phase 2 Power"));
                break;
            case 7:
                WriteFlexBus(part, revision);
                break;
            case 8:
                WriteLocator(part);
                break;
            case 9:
                part.Write("", part.HasRegister("NumLogDevs") ? "\t\tNumLogDevs: {NumLogDevs/*}\n" : "");
                break;
            default:
                part.Write("", $"\t\tUnknown ID {part.Number("Header2"):x4}\n");
                break;
        }
    }

    private static void WriteCxlDevice(LspciPart part)
    {
        if (!part.HasRegister("CXLCap"))
        {
            return;
        }

        part.Write("CXLCap", "\t\tCXLCap:\t+Cache +IO +Mem Mem HW Init{MemHWInit} HDMCount {HDMCount} +Viral\n");
        part.Write(
            "CXLCtl",
            "\t\tCXLCtl:\t+Cache +IO +Mem Cache SF Cov {CacheSFCov} Cache SF Gran {CacheSFGran} Cache "
            + "Clean{CacheClean} +Viral\n");
        part.Write("CXLSta", "\t\tCXLSta:\t+Viral\n");
        part.Write("CXLSta2", "\t\tCXLSta2:\t+ResetComplete +ResetError +PMComplete\n");
        string size = part.Derived("Cache Size");
        part.Write("", $"\t\tCache Size{(size == "Not Reported" ? "" : ":")} {size}\n");
        uint unit = part.Number("CXLCap2", "CacheSizeUnit");
        Assert.Equal(
            unit switch
            {
                0 => "Not",
                1 => $"{part.Number("CXLCap2", "CacheSize") * 65536:x8}",
                2 => $"{part.Number("CXLCap2", "CacheSize") * 1048576:x8}",
                _ => $"{part.Number("CXLCap2", "CacheSize")}",
            },
            size.Split(' ')[0]);
        for (int i = 1; i <= 2; i++)
        {
            part.Write(
                $"Range{i}Size",
                $"\t\tRange{i}: {{=Range{i}}}\n\t\t\t+Valid +Active Type={{Type}} Class={{Class}} "
                + $"interleave={{Interleave}} timeout={{Timeout|"
                + $"{1 << (2 * (int)part.Number($"Range{i}Size", "Timeout"))}}}s\n");
            ulong start = (ulong)part.Number($"Range{i}BaseHi") << 32 | part.Number($"Range{i}Base");
            Assert.Equal(part.Number($"Range{i}Base") >> 28, part.Number($"Range{i}Base", "Base"));
            ulong bytes = (ulong)part.Number($"Range{i}SizeHi") << 32 | part.Number($"Range{i}Size", "Size") << 28;
            Assert.Equal($"{start:x16}-{unchecked(start + bytes - 1):x16}", part.Derived($"Range{i}"));
        }
    }

    private static void WriteCxlPort(LspciPart part)
    {
        if (part.HasRegister("CXLPortSta"))
        {
            part.Write("", $"\t\tCXLPortSta:\tPMComplete{Sign((part.Number("CXLPortSta") & 0x0a) != 0)}\n");
            part.Write("CXLPortCtl", "\t\tCXLPortCtl:\t+UnmaskSBR +UnmaskLinkDisable +AltMem +AltBME +ViralEnable\n");
            part.Write(
                "",
                "\t\tAlternateBus:\t{AltBusBase/*:x2}-{AltBusLimit/*:x2}\n"
                + "\t\tAlternateBus:\t{AltMemBase/*:x4}-{AltMemLimit/*:x4}\n");
        }
    }

    private static void WriteFlush(LspciPart part, string derived, string register)
    {
        uint scale = part.Number(register, "Scale");
        uint value = part.Number(register, "Value");
        string text = part.Derived(derived);
        part.Write("", scale > 7
            ? $"\t\tReserved time scale encoding {scale:x}\n\t\t{derived}: {value}<?>\n"
            : $"\t\t{derived}: {(scale == 7 ? $"{value * 10}<?>" : text)}\n");
        Assert.StartsWith(
            $"{value * (scale > 7 ? 1u : new uint[] { 1, 10, 100, 1, 10, 100, 1, 10 }[scale])}",
            text,
            StringComparison.Ordinal);
    }

    private static void WriteFlexBus(LspciPart part, uint revision)
    {
        if (revision < 1)
        {
            part.Write("", $"\t\tRevision {revision} not supported\n");
            return;
        }

        string flits = revision > 1 ? " +256BFlit +PBRFlit\n" : "\n";
        part.Write("FBCap", "\t\tFBCap:\t+Cache +IO +Mem +68BFlit +MltLogDev" + flits);
        part.Write(
            "FBCtl",
            "\t\tFBCtl:\t+Cache +IO +Mem +SynHdrByp +DrftBuf +68BFlit +MltLogDev +RCD +Retimer1 +Retimer2" + flits);
        part.Write("FBSta", "\t\tFBSta:\t+Cache +IO +Mem +SynHdrByp +DrftBuf +68BFlit +MltLogDev" + flits);
        part.Write("FBModTS", "\t\tFBModTS:\tReceived FB Data: {Data:x6}\n");
        if (revision > 1)
        {
            part.Write("FBCap2", "\t\tFBCap2:\t+NOPHint\n");
            part.Write("FBCtl2", "\t\tFBCtl2:\t+NOPHint\n");
            part.Write("FBSta2", "\t\tFBSta2:\tNOPHintInfo: {NOPHintInfo:x}\n");
        }
    }

    private static void WriteLocator(LspciPart part)
    {
        for (int i = 1; part.HasRegister($"Block{i}"); i++)
        {
            if (part.Number($"Block{i}", "ID") != 0)
            {
                string[] text = part.Derived($"Block{i}").Split(", ");
                part.Write($"Block{i}", $"\t\tBlock{i}: {text[0]}, ID: {{ID|<?>}}, {text[1]}\n");
                Assert.Equal($"BIR: bar{part.Number($"Block{i}", "BIR")}", text[0]);
                Assert.Equal(
                    $"offset: {part.Number($"BlockHi{i}"):x8}{part.Number($"Block{i}", "Offset") << 16:x8}", text[1]);
            }
        }
    }
}
