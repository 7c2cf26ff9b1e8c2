using System.Text.RegularExpressions;
using Vfio.Pci;

namespace Vfio.Tests.Pci;

/// <summary>
/// Shows that the comparison with lspci is complete: which fields it covers, and which values they had.
/// </summary>
public sealed class PciConfigSpaceCoverageTests
{
    /// <summary>What lspci 3.9 does not print, and why; <c>DevCap#</c> is DevCap2.</summary>
    private static readonly IReadOnlyList<(string Pattern, string Reason)> NotPrinted =
    [
        (@"^(16GT|DLNK|LMR|PB)\.", "it knows the name alone"),
        (@"^(AGP3|CCRC|CHSWP|HOTPLUG|NULL|SECURE)\.Flags", "it knows the name alone"),
        (@"^HEADER\.(HEADER_TYPE\.MultiFunction|CARDBUS_CIS|CAPABILITIES|CB_CAPABILITIES)", "it keeps them for itself"),
        (@"^HEADER\.CB_SEC_STATUS\.(?!SERR)", "it shows SERR alone"),
        (@"^HEADER\.STATUS\.ImmReady", "of version 5.0"),
        (@"^VNDR\.Id", "of virtio 1.2"),
        (@"^VPD\.", "it shows the text behind the registers"),
        (@"^PM\.(Data|Flags\.ImmReadyD0)", "the data register means nothing without its selector; of version 5.0"),
        (@"^MSI\.(ExtData|Flags\.ExtData)", "of version 4.0"),
        (
            @"^EXP\.(Flags\.FlitMode|DevCap\.(ErrCorSubclass|MixedMPS|TEE-IO)|DevSta\.EmergPwrRed)",
            "of versions 4.0 to 6.0"),
        (
            @"^EXP\.(DevCap#\.DMWr|DevCtl#\.(EETLPPrefixBlk|EmergencyPowerReductionReq|IDO)|DevSta#)",
            "it leaves them out"),
        (
            @"^EXP\.(LnkCap#\.LowerSKP|LnkSta#\.FlitMode|LnkCtl\.(DRS|FlitModeDis|PTMPropDelayAdapt|Retrain|SRIS))",
            "it leaves them out"),
        (
            @"^EXP\.(RootCtl\.NoNFMSeverity|Slt(Cap|Ctl|Sta)#|SltCtl\.(AutoPowerLimitDis|InbandPDDis))",
            "of versions 4.0 to 6.0"),
        (
            @"^AER\.UE(Sta|Msk|Svrt)\.(Undefined|UncorrIntErr|BlockedTLP|AtomicOpBlocked|TLPBlockedErr"
            + @"|PoisonTLPBlocked|DMWrReqBlocked|IDECheck|MisIDETLP|PCRC_CHECK|TLPXlatBlocked)",
            "bits above 21: of versions 2.1 to 6.0"),
        (@"^AER\.(CE(Sta|Msk)\.(CorrIntErr|HeaderOF)|PrefixLog|RootSta\.ErrCorSubclass)", "of versions 2.1 to 5.0"),
        (
            @"^ACS\.ACS(Cap|Ctl)\.(EgressVectorSize|Enhanced|DSPMemTarget|USPMemTarget|UnclaimedReqRedir)",
            "it leaves them out; of version 5.0"),
        (@"^ATS\.ATSCap\.(GlobalInvalidate|PageAlignedReq|RelaxedOrdering)", "it leaves them out"),
        (@"^PRI\.PRISta\.PASIDReq", "it leaves it out"),
        (
            @"^DOE\.(DOECtl\.(Abort|Go)|DOESta\.Error|ReadMailbox|WriteMailbox)",
            "commands and data; Error is a known difference"),
        (
            @"^DPC\.(RPPIO|DpcCap\.RPPIOLogExt|DpcCtl\.SigSFWEn|DpcSta\.SFWSta)",
            "root port extensions; of versions 4.0 to 6.0"),
        (
            @"^DVSEC\.(CXLCtl#|CXLLock|CXLSta#\.CacheInvalid|CXLPortSta\.PMComplete)",
            "it leaves them out; PMComplete is a known difference"),
        (@"^HT\.LinkFrequencyCapability#?\.(1\.4GHz|1\.6GHz|Vend)", "a known difference"),
        (@"^L1PM\.L#(SubCap\.LinkActivation|SubCtl#\.LinkAct)", "of version 6.0"),
        (@"^LTR\.Max(No)?Snoop\.Required", "reserved in the capability, defined in messages"),
        (@"^PTM\.PTMCap\.(PropDelayAdapt|ePTM)", "of version 6.0"),
        (@"^SECPCI\.(LaneEqCtl|LnkCtl#\.LowerSKPGenEn)", "it leaves them out"),
        (@"^SRIOV\.IOVCap\.ARIHierarchyPreserved", "it leaves it out"),
        (@"^TPH\.(ST#|TPHCap\.(NoSTMode|STSize)|TPHCtl)", "it leaves them out"),
        (@"^VC2?\.(VC#)?Ctrl\.LoadTable", "a command"),
        (@"^(VF_)?REBAR\.BARCtl#\.Count", "means something in the first entry alone"),
    ];

    [Fact]
    public void Every_register_and_field_is_compared_or_listed()
    {
        HashSet<string> used = [];
        HashSet<string> all = [];
        foreach ((_, byte[] image) in MachineImages.All.Concat(DerivedImages.All))
        {
            PciConfigSpace config = PciConfigSpace.Parse(image);
            _ = LspciText.Of(config, "", 0, used);
            all.UnionWith(Names("HEADER", config.HeaderRegisters));
            all.UnionWith(
                config.Capabilities.SelectMany(capability => Names(capability.ShortName, capability.Registers)));
            all.UnionWith(config.Capabilities.SelectMany(capability => capability.DerivedValues.Select(
                value => $"{capability.ShortName}.={LspciPart.Letters(value.Name)}")));
        }

        string[] unlisted = [.. all
            .Where(name => !used.Contains(name) && !NotPrinted.Any(part => Regex.IsMatch(name, part.Pattern)))
            .Order(StringComparer.Ordinal)];
        Assert.True(
            unlisted.Length == 0, $"{unlisted.Length} of {all.Count} are not compared:\n{string.Join('\n', unlisted)}");
        Assert.All(
            NotPrinted,
            part => Assert.Contains(all, name => Regex.IsMatch(name, part.Pattern) && !used.Contains(name)));
        Assert.All(
            all.Where(used.Contains),
            name => Assert.DoesNotContain(NotPrinted, part => Regex.IsMatch(name, part.Pattern)));
    }

    [Fact]
    public void Every_flag_had_both_values()
    {
        Dictionary<string, int> seen = [];
        foreach ((_, byte[] image) in MachineImages.All.Concat(DerivedImages.All))
        {
            PciConfigSpace config = PciConfigSpace.Parse(image);
            Note(seen, "HEADER", config.HeaderRegisters);
            foreach (PciCapability capability in config.Capabilities)
            {
                Note(seen, capability.ShortName, capability.Registers);
            }
        }

        string[] constant = [.. seen.Where(flag => flag.Value != 3)
            .Select(flag => $"{flag.Key} was only {flag.Value - 1}")
            .Order(StringComparer.Ordinal)];
        Assert.True(seen.Count > 500, $"{seen.Count} flags");
        Assert.True(constant.Length == 0, string.Join('\n', constant));
    }

    private static void Note(Dictionary<string, int> seen, string capability, IReadOnlyList<RegisterReading> readings)
    {
        foreach ((RegisterDescription register, ulong raw) in readings.Select(
            reading => (reading.Register, reading.Raw)))
        {
            foreach (RegisterField field in register.Fields.Where(field => field.IsFlag))
            {
                string name = $"{capability}.{LspciPart.Letters(register.Name)}.{field.Name}";
                seen[name] = seen.GetValueOrDefault(name) | (field.Extract(raw) == 0 ? 1 : 2);
            }
        }
    }

    private static IEnumerable<string> Names(string capability, IEnumerable<RegisterReading> readings) =>
        readings.SelectMany(reading => reading.Register.Fields.Count == 0
            ? [$"{capability}.{LspciPart.Letters(reading.Register.Name)}.*"]
            : reading.Register.Fields.Select(
                field => $"{capability}.{LspciPart.Letters(reading.Register.Name)}.{field.Name}"));
}
