namespace Vfio.Tests.Pci;

internal sealed partial class LspciText
{
    private static void WriteResizableBar(LspciPart part)
    {
        uint count = part.Has(4, 8) ? part.Number("BARCtl", "Count") : 1;
        if (count is 0 or 7)
        {
            part.Write("", $"\t\t<error in resizable BAR: num_bars={count} is out of specification>\n");
            Assert.Contains($"{count} resizable registers", part.Derived("Fault"), StringComparison.Ordinal);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            if (!part.Has(4 + (8 * i), 8))
            {
                part.Write("", "\t\t<unreadable>\n");
                return;
            }

            string suffix = i == 0 ? "" : $"{i + 1}";
            string text = part.Derived($"BAR {part.Number($"BARCtl{suffix}", "BAR")}");
            part.Write("", $"\t\tBAR {part.Number($"BARCtl{suffix}", "BAR")}: {text}\n");
            Assert.StartsWith(
                $"current size: {Size((int)part.Number($"BARCtl{suffix}", "Size"))}", text, StringComparison.Ordinal);
            ulong sizes = part.Number($"BARCap{suffix}", "Sizes")
                | (ulong)part.Number($"BARCtl{suffix}", "MoreSizes") << 28;
            Assert.Equal(
                sizes == 0 ? 0 : ulong.PopCount(sizes),
                (ulong)text.Split("supported:")[^1].Split("B ").Length - (sizes == 0 ? 1u : 0));
        }
    }

    private static string Size(int power) =>
        power >= 44 ? "<unknown>" : $"{Math.Pow(2, power % 10):0}{"MGTPE"[power / 10]}B";

    private static void WriteHints(LspciPart part)
    {
        if (!part.Has(4, 4))
        {
            return;
        }

        part.Write("", part.Flag("TPHCap", "IntVecMode") ? "\t\tInterrupt vector mode supported\n" : "");
        part.Write("", part.Flag("TPHCap", "DevSpecMode") ? "\t\tDevice specific mode supported\n" : "");
        part.Write("", part.Flag("TPHCap", "ExtReq") ? "\t\tExtended requester support\n" : "");
        part.Write("", part.Number("TPHCap", "STLocation") switch
        {
            0 => "\t\tNo steering table available\n",
            1 => "\t\tSteering table in TPH capability structure\n",
            2 => "\t\tSteering table in MSI-X table\n",
            _ => "\t\tReserved steering table location\n",
        });
    }

    private static void WriteSubstates(LspciPart part)
    {
        if (!part.Has(4, 12))
        {
            part.Write("", "\t\t<unreadable>\n");
            return;
        }

        bool hasAspm = part.Flag("L1SubCap", "ASPM_L1.2");
        bool hasTimes = hasAspm || part.Flag("L1SubCap", "PCI-PM_L1.2");
        part.Write("L1SubCap", "\t\tL1SubCap: +PCI-PM_L1.2 +PCI-PM_L1.1 +ASPM_L1.2 +ASPM_L1.1 +L1_PM_Substates\n");
        part.Write("L1SubCap", hasTimes
            ? "\t\t\t  PortCommonModeRestoreTime={PortCommonModeRestoreTime}us PortTPowerOnTime={=PortTPowerOnTime}\n"
            : "");
        part.Write("L1SubCtl1", "\t\tL1SubCtl1: +PCI-PM_L1.2 +PCI-PM_L1.1 +ASPM_L1.2 +ASPM_L1.1\n");
        part.Write("L1SubCtl1", hasTimes
            ? "\t\t\t   T_CommonMode={T_CommonMode}us" + (hasAspm ? " LTR1.2_Threshold={=LTR1.2_Threshold}\n" : "\n")
            : "");
        part.Write("L1SubCtl2", hasTimes ? "\t\tL1SubCtl2: T_PwrOn={=T_PwrOn}\n" : "\t\tL1SubCtl2:\n");
        if (hasTimes)
        {
            Assert.Equal(
                PowerOn(part.Number("L1SubCap", "PortTPowerOnScale"), part.Number("L1SubCap", "PortTPowerOnValue")),
                part.Derived("PortTPowerOnTime"));
            Assert.Equal(
                PowerOn(part.Number("L1SubCtl2", "T_PowerOnScale"), part.Number("L1SubCtl2", "T_PowerOnValue")),
                part.Derived("T_PwrOn"));
        }

        if (hasAspm)
        {
            uint scale = part.Number("L1SubCtl1", "LTR1.2_Scale");
            Assert.Equal(
                scale > 5 ? "<error>" : $"{part.Number("L1SubCtl1", "LTR1.2_Value") * Math.Pow(32, scale):0}ns",
                part.Derived("LTR1.2_Threshold"));
        }
    }

    private static string PowerOn(uint scale, uint value) =>
        scale == 3 ? "<error>" : $"{value * new uint[] { 2, 10, 100 }[scale]}us";

    private static void WriteMulticast(LspciPart part, int type)
    {
        if (!part.Has(4, 0x30))
        {
            return;
        }

        bool isEndpoint = type is Endpoint or Integrated;
        Assert.Equal($"{part.Number("McastCap", "MaxGroups") + 1}", part.Derived("Groups at most"));
        Assert.Equal($"{part.Number("McastCtl", "NumGroups") + 1}", part.Derived("Groups"));
        part.Write("McastCap", "\t\tMcastCap: MaxGroups {=Groups at most}");
        part.Write("McastCap", isEndpoint
            ? $", WindowSz {{WindowSz}} ({1 << (int)(part.Number("McastCap", "WindowSz") & 31)} bytes)"
            : "");
        part.Write("McastCap", type is RootPort or Upstream or Downstream ? ", +ECRCRegen\n" : "");
        part.Write("McastCtl", "\t\tMcastCtl: NumGroups {=Groups}, +Enable\n");
        part.Write("McastBAR", "\t\tMcastBAR: IndexPos {IndexPos}, BaseAddr {=Base address}\n");
        Assert.Equal(
            $"{part.Number("McastBARHi"):x8}{part.Number("McastBAR", "Address") << 12:x8}",
            part.Derived("Base address"));
        part.Write("", "\t\tMcastReceiveVec:      {McastReceiveVecHi/*:x8}{McastReceiveVec/*:x8}\n");
        part.Write("", "\t\tMcastBlockAllVec:     {McastBlockAllVecHi/*:x8}{McastBlockAllVec/*:x8}\n");
        part.Write("", "\t\tMcastBlockUntransVec: {McastBlockUntransVecHi/*:x8}{McastBlockUntransVec/*:x8}\n");
        if (!isEndpoint)
        {
            uint size = part.Number("McastOverlayBAR", "OverlaySize");
            part.Write(
                "McastOverlayBAR",
                $"\t\tMcastOverlayBAR: OverlaySize {{OverlaySize}} "
                + $"({(size >= 6 ? $"{1 << (int)(size & 31)} bytes" : "disabled")}), BaseAddr {{=Overlay address}}\n");
            Assert.Equal(
                $"{part.Number("McastOverlayBARHi"):x8}{part.Number("McastOverlayBAR", "Address") << 6:x8}",
                part.Derived("Overlay address"));
        }
    }

    private static void WriteVirtualChannel(LspciPart part)
    {
        if (!part.Has(4, 0x18))
        {
            return;
        }

        part.Write("Caps", "\t\tCaps:\tLPEVC={LPEVC} RefClk={RefClk|??#} PATEntryBits={PATEntryBits}\n");
        part.Write("", "\t\tArb:");
        WriteArbiters(part, "Arb", ["Fixed", "WRR32", "WRR64", "WRR128", "??4", "??5", "??6", "??7"]);
        part.Write("Ctrl", "\n\t\tCtrl:\tArbSelect={ArbSelect}\n");
        part.Write("Status", "\t\tStatus:\t+InProgress\n");
        uint table = part.Number("Arb", "TableOffset");
        part.Write("", table != 0 ? $"\t\tPort Arbitration Table [{part.Offset + (16 * table):x}] <?>\n" : "");
        for (int i = 0; i <= part.Number("Caps", "EVC"); i++)
        {
            part.Write("", $"\t\tVC{i}:\t");
            if (!part.Has(0x10 + (12 * i), 12))
            {
                part.Write("", "<unreadable>\n");
                continue;
            }

            part.Write(
                $"VC{i}Caps",
                $"Caps:\tPATOffset={{PATOffset:x2}} MaxTimeSlots={part.Number($"VC{i}Caps", "TimeSlots") + 1} "
                + $"+RejSnoopTrans\n\t\t\tArb:");
            WriteArbiters(part, $"VC{i}Caps", ["Fixed", "WRR32", "WRR64", "WRR128", "TWRR128", "WRR256", "??6", "??7"]);
            part.Write($"VC{i}Ctrl", "\n\t\t\tCtrl:\t+Enable ID={ID} ArbSelect={ArbSelect} TC/VC={TC/VC:x2}\n");
            part.Write($"VC{i}Status", "\t\t\tStatus:\tNegoPending{NegoPending} InProgress{InProgress}\n");
            part.Write("", part.Number($"VC{i}Caps", "PATOffset") != 0 ? "\t\t\tPort Arbitration Table <?>\n" : "");
        }
    }

    // Reserved ones are shown if they are set.
    private static void WriteArbiters(LspciPart part, string register, string[] names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i][0] != '?' || part.Flag(register, names[i]))
            {
                part.Write("", $"{(i == 0 ? '\t' : ' ')}{names[i]}{Sign(part.Flag(register, names[i]))}");
            }
        }
    }

    private static void WriteRootComplexLink(LspciPart part)
    {
        if (!part.Has(4, 12))
        {
            return;
        }

        part.Write(
            "Desc", "\t\tDesc:\tPortNumber={PortNumber:x2} ComponentID={ComponentID:x2} EltType={EltType|??#}\n");
        for (int i = 0; i < part.Number("Desc", "Links"); i++)
        {
            part.Write("", $"\t\tLink{i}:\t");
            if (!part.Has(0x10 + (16 * i), 16))
            {
                part.Write("", "<unreadable>\n");
                return;
            }

            part.Write(
                $"Link{i}Desc",
                "Desc:\tTargetPort={TargetPort:x2} TargetComponent={TargetComponent:x2} +AssocRCRB "
                + "LinkType={LinkType} +LinkValid\n");
            part.Write("", $"\t\t\tAddr:\t{{=Link {i} address}}\n");
            Assert.EndsWith(
                $"{part.Number($"Link{i}AddrHi"):x8}{part.Number($"Link{i}Addr"):x8}",
                part.Derived($"Link {i} address"),
                StringComparison.Ordinal);
        }
    }

    private static void WriteEventCollector(LspciPart part)
    {
        if (!part.Has(0, 12))
        {
            return;
        }

        string devices = part.Derived("RCiEP at Device(s)");
        uint bits = part.Number("RCiEPBitmap");
        bool isOpen = (bits >> 30) == 3; // lspci closes a range only where a device without a bit follows
        part.Write("", bits == 0
            ? "\t\tRCiEPBitmap: 00000000 [none]\n"
            : $"\t\tRCiEPBitmap: RCiEP at Device(s): {(isOpen ? devices[..devices.LastIndexOf('-')] : devices)}\n");
        if (part.HasDerived("AssociatedBusNumbers"))
        {
            string buses = part.Derived("AssociatedBusNumbers");
            part.Write("", $"\t\tAssociatedBusNumbers: {buses}\n");
            Assert.StartsWith(
                $"{part.Number("AssociatedBusNumbers", "First"):x2}-{part.Number("AssociatedBusNumbers", "Last"):x2}",
                buses,
                StringComparison.Ordinal);
        }
    }
}
