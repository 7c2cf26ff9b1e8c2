using Vfio.Pci;

namespace Vfio.Tests.Pci;

internal sealed partial class LspciText
{
    private void WriteStandard(PciCapability capability, LspciPart part)
    {
        switch (capability.Id)
        {
            case 0x01:
                WriteLine($"{capability.Name} version {part.Number("Flags", "Version")}");
                Assert.Equal($"version {part.Number("Flags", "Version")}", capability.Summary);
                WritePowerManagement(part);
                break;
            case 0x02:
                WriteLine($"{capability.Name} {capability.Summary}");
                Assert.Equal(
                    $"version {part.Number("Version", "Major"):x}.{part.Number("Version", "Minor"):x}",
                    capability.Summary);
                WriteAgp(part);
                break;
            case 0x04 or 0x05 or 0x0a or 0x11:
                WriteLine($"{capability.Name}: {capability.Summary}");
                WriteMessages(capability, part);
                break;
            case 0x06 or 0x0b or 0x0e or 0x0f:
                WriteLine($"{capability.Name} <?>");
                break;
            case 0x07:
                WritePciX(capability, part);
                break;
            case 0x08:
                WriteLine($"{capability.Name}: {capability.Summary}");
                WriteHyperTransport(capability, part);
                break;
            case 0x09:
                WriteVendor(capability, part);
                break;
            case 0x0d:
                WriteIf(part.Has(0, 8), $"{capability.Name}: {capability.Summary}\n");
                break;
            case 0x10:
                part.Write("Flags", "Express (v{Version}) ");
                WriteLine($"{capability.Summary}");
                WriteExpress(capability, part);
                break;
            case 0x12:
                WriteLine($"{capability.Name} {capability.Summary}");
                WriteSata(capability, part);
                break;
            case 0x13:
                WriteLine(capability.Name);
                if (part.Has(3, 3))
                {
                    part.Write("AFCap", "\t\tAFCap: +TP +FLR\n");
                    part.Write("AFCtrl", "\t\tAFCtrl: +FLR\n");
                    part.Write("AFStatus", "\t\tAFStatus: +TP\n");
                }

                break;
            case 0x14:
                WriteLine($"{capability.Name}: {capability.Summary}");
                WriteEnhancedAllocation(capability, part);
                break;
            case 0x03:
                WriteLine($"{capability.Name}\n\t\tNot readable");
                break;
            case 0x00 or 0x0c:
                WriteLine(capability.Name);
                break;
            default:
                WriteLine($"Capability ID 0x{capability.Id:x2} [{part.Number("Flags"):x4}]");
                break;
        }
    }

    private void WriteLine(string line) => _text.Append(line).Append('\n');

    private static void WritePowerManagement(LspciPart part)
    {
        part.Write(
            "Flags",
            "\t\tFlags: +PMEClk +DSI +D1 +D2 AuxCurrent={AuxCurrent} "
            + "PME(D0{PMED0},D1{PMED1},D2{PMED2},D3hot{PMED3hot},D3cold{PMED3cold})\n");
        if (!part.Has(4, 4))
        {
            return;
        }

        part.Write("Status", "\t\tStatus: {State} +NoSoftRst +PME-Enable DSel={DSel} DScale={DScale} +PME\n");
        if (part.Number("Bridge") != 0)
        {
            part.Write("Bridge", $"\t\tBridge: +PM B3{(part.Flag("Bridge", "B3") ? '-' : '+')}\n");
        }
    }

    private static void WriteAgp(LspciPart part)
    {
        if (part.Has(4, 8))
        {
            part.Write(
                "Status",
                $"\t\tStatus: RQ={part.Number("Status", "RQ") + 1} +Iso ArqSz={{ArqSz}} Cal={{Cal}} +SBA +ITACoh "
                + $"+GART64 +HTrans +64bit +FW +AGP3 Rate={{=Status rate}}\n");
            part.Write(
                "Command",
                $"\t\tCommand: RQ={part.Number("Command", "RQ") + 1} ArqSz={{ArqSz}} Cal={{Cal}} +SBA +AGP +GART64 "
                + $"+64bit +FW Rate={{=Command rate}}\n");
            int shift = part.Number("Version", "Major") >= 3 && part.Flag("Status", "AGP3") ? 2 : 0;
            AssertRate(part.Derived("Status rate"), part.Number("Status", "Rates"), shift);
            AssertRate(part.Derived("Command rate"), part.Number("Command", "Rates"), shift);
        }
    }

    private static void AssertRate(string text, uint rates, int shift)
    {
        IEnumerable<string> names = Enumerable.Range(0, 3)
            .Where(i => (rates & (1 << i)) != 0)
            .Select(i => $"x{1 << i << shift}");
        Assert.Equal(rates == 0 ? "<none>" : string.Join(',', names), text);
    }

    private static void WriteSata(PciCapability capability, LspciPart part)
    {
        string revision = $"v{part.Number("SATACR0", "Major")}.{part.Number("SATACR0", "Minor")}";
        uint bar = part.HasRegister("SATACR1") ? part.Number("SATACR1", "BAR") : 0;
        string place = !part.HasRegister("SATACR1") ? ""
            : bar is >= 4 and <= 9 ? $" BAR{bar - 4} Offset={part.Number("SATACR1", "Offset4"):x8}"
            : bar == 15 ? " InCfgSpace" : $" BAR??{bar}";
        Assert.Equal(revision + place, capability.Summary);
    }

    private static void WriteMessages(PciCapability capability, LspciPart part)
    {
        switch (capability.Id)
        {
            case 0x04:
                Assert.Equal(
                    capability.Summary,
                    $"{part.Number("Slot", "Slots")} slots, First{Sign(part.Flag("Slot", "First"))}, chassis "
                    + $"{part.Number("Chassis"):x2}");
                break;
            case 0x0a:
                Assert.Equal(
                    capability.Summary,
                    $"BAR={part.Number("Flags", "BAR")} offset={part.Number("Flags", "Offset"):x4}");
                break;
            case 0x11:
                Assert.Equal(
                    capability.Summary,
                    $"Enable{Sign(part.Flag("Flags", "Enable"))} Count={part.Number("Flags", "TableSize") + 1} "
                    + $"Masked{Sign(part.Flag("Flags", "Masked"))}");
                if (part.Has(4, 8))
                {
                    part.Write("", "\t\tVector table: {=Vector table}\n\t\tPBA: {=PBA}\n");
                    Assert.Equal(
                        $"BAR={part.Number("VectorTable", "BAR")} "
                        + $"offset={part.Number("VectorTable", "Offset8") << 3:x8}",
                        part.Derived("Vector table"));
                    Assert.Equal(
                        $"BAR={part.Number("PBA", "BAR")} offset={part.Number("PBA", "Offset8") << 3:x8}",
                        part.Derived("PBA"));
                }

                break;
            default:
                WriteMsi(capability, part);
                break;
        }
    }

    private static void WriteMsi(PciCapability capability, LspciPart part)
    {
        bool is64 = part.Flag("Flags", "64bit");
        bool isMaskable = part.Flag("Flags", "Maskable");
        Assert.StartsWith(
            $"Enable{Sign(part.Flag("Flags", "Enable"))} "
            + $"Count={1 << (int)part.Number("Flags", "Count")}/{1 << (int)part.Number("Flags", "Capable")} "
            + $"Maskable{Sign(isMaskable)} 64bit{Sign(is64)}", capability.Summary, StringComparison.Ordinal);
        if (!part.Has(4, is64 ? 10 : 6))
        {
            return;
        }

        part.Write("", $"\t\tAddress: {(is64 ? "{AddressHi/*:x8}" : "")}{{Address/*:x8}}  Data: {{Data/*:x4}}\n");
        if (isMaskable && part.Has(is64 ? 16 : 12, 8))
        {
            part.Write("", "\t\tMasking: {Masking/*:x8}  Pending: {Pending/*:x8}\n");
        }
    }

    private static char Sign(bool isSet) => isSet ? '+' : '-';

    private void WritePciX(PciCapability capability, LspciPart part)
    {
        bool isBridge = _config.Header.HeaderType == 1;
        if (_config.Header.HeaderType > 1)
        {
            return; // lspci does not even end the line
        }

        WriteLine($"{capability.Name} {capability.Summary}");
        if (isBridge && part.Has(4, 12))
        {
            part.Write("SecondaryStatus", "\t\tSecondary Status: +64bit +133MHz +SCD +USC +SCO +SRD Freq={Freq}\n");
            part.Write("Status", "\t\tStatus: Dev={=Dev} +64bit +133MHz +SCD +USC +SCO +SRD\n");
            part.Write("Upstream", "\t\tUpstream: Capacity={Capacity} CommitmentLimit={CommitmentLimit}\n");
            part.Write("Downstream", "\t\tDownstream: Capacity={Capacity} CommitmentLimit={CommitmentLimit}\n");
        }
        else if (!isBridge && part.Has(4, 4))
        {
            part.Write("Command", "\t\tCommand: +DPERE +ERO RBC={RBC} OST={OST}\n");
            part.Write(
                "Status",
                "\t\tStatus: Dev={=Dev} +64bit +133MHz +SCD +USC DC={DC} DMMRBC={DMMRBC} DMOST={DMOST} DMCRS={DMCRS} "
                + "+RSCEM +266MHz +533MHz\n");
        }

        if (part.HasDerived("Dev"))
        {
            Assert.Equal(
                $"{part.Number("Status", "Bus"):x2}:{part.Number("Status", "Device"):x2}"
                + $".{part.Number("Status", "Function")}",
                part.Derived("Dev"));
        }
    }

    private void WriteVendor(PciCapability capability, LspciPart part)
    {
        string summary = capability.Summary ?? "";
        if (!summary.StartsWith("VirtIO", StringComparison.Ordinal))
        {
            WriteLine($"{capability.Name}: Len={part.Number("Length"):x2} <?>");
            return;
        }

        // lspci supports the first four types.
        uint type = part.Number("Type", "Type");
        WriteLine($"{capability.Name}: {(type is >= 1 and <= 4 ? summary : "VirtIO: <unknown>")}");
        part.Write("", "\t\t{=Structure}\n");
        Assert.StartsWith(
            $"BAR={part.Number("BAR")} offset={part.Number("Offset"):x8} size={part.Number("Size"):x8}",
            part.Derived("Structure"),
            StringComparison.Ordinal);
        if (part.HasRegister("Multiplier"))
        {
            Assert.EndsWith(
                $" multiplier={part.Number("Multiplier"):x8}", part.Derived("Structure"), StringComparison.Ordinal);
        }
    }

    private static void WriteEnhancedAllocation(PciCapability capability, LspciPart part)
    {
        Assert.StartsWith(
            $"NumEntries={part.Number("Flags", "NumEntries")}", capability.Summary, StringComparison.Ordinal);
        if (part.HasRegister("Secondary"))
        {
            Assert.EndsWith(
                $", secondary={part.Number("Secondary")}, subordinate={part.Number("Subordinate")}",
                capability.Summary,
                StringComparison.Ordinal);
        }

        for (int i = 0; part.HasRegister($"Entry{i}") && part.HasRegister($"Base{i}"); i++)
        {
            part.Write(
                $"Entry{i}",
                $"\t\tEntry {i}: +Enable +Writable EntrySize={{EntrySize}}\n"
                + $"\t\t\t BAR Equivalent Indicator: {{BEI}}\n");
            part.Write(
                $"Entry{i}",
                $"\t\t\t PrimaryProperties: {{PrimaryProperties|"
                + $"[{part.Number($"Entry{i}", "PrimaryProperties"):x2}]}}\n");
            part.Write(
                $"Entry{i}",
                $"\t\t\t SecondaryProperties: {{SecondaryProperties|"
                + $"[{part.Number($"Entry{i}", "SecondaryProperties"):x2}]}}\n");
            part.Write("", $"\t\t\t Base: {{=Entry {i} base}}\n\t\t\t MaxOffset: {{=Entry {i} max offset}}\n");
            string high = part.Flag($"Base{i}", "64bit") && part.HasRegister($"Base{i}Hi")
                ? $"{part.Number($"Base{i}Hi"):x}"
                : "";
            string highOffset = part.Flag($"MaxOffset{i}", "64bit") && part.HasRegister($"MaxOffset{i}Hi")
                ? $"{part.Number($"MaxOffset{i}Hi"):x}"
                : "";
            Assert.Equal($"{high}{part.Number($"Base{i}", "Address") << 2:x8}", part.Derived($"Entry {i} base"));
            Assert.Equal(
                $"{highOffset}{part.Number($"MaxOffset{i}", "Offset") << 2 | 3:x8}",
                part.Derived($"Entry {i} max offset"));
        }
    }
}
