using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes Latency Tolerance Reporting and L1 PM Substates (PCI Express Base Specification 6.0, sections 7.8.2 and
/// 7.8.3).
/// </summary>
internal static class LinkPowerCapabilities
{
    private static readonly RegisterDescription[] Latency =
    [
        Register("MaxSnoop", 4, 2, Rw, "Longest latency of snooped requests", LatencyFields()),
        Register("MaxNoSnoop", 6, 2, Rw, "Longest latency of other requests", LatencyFields()),
    ];

    private static readonly IReadOnlyList<RegisterFieldValue> PowerOnScales = Names("2us", "10us", "100us");

    private static readonly RegisterDescription[] Substates =
    [
        Register("L1SubCap", 4, 4, Ro, "Capabilities",
            Flag("PCI-PM_L1.2", 0, "Supports L1.2 through PCI-PM"),
            Flag("PCI-PM_L1.1", 1, "Supports L1.1 through PCI-PM"),
            Flag("ASPM_L1.2", 2, "Supports L1.2 through ASPM"),
            Flag("ASPM_L1.1", 3, "Supports L1.1 through ASPM"),
            Flag("L1_PM_Substates", 4, "Supports substates of L1"),
            Flag("LinkActivation", 5, "Supports link activation"),
            Number("PortCommonModeRestoreTime", 8, 8, "Microseconds to restore common mode"),
            Named("PortTPowerOnScale", 16, 2, "Unit of the time to power on", PowerOnScales),
            Number("PortTPowerOnValue", 19, 5, "Time to power on")),
        Register("L1SubCtl1", 8, 4, Rw, "Control 1",
            Flag("PCI-PM_L1.2", 0, "L1.2 through PCI-PM is enabled"),
            Flag("PCI-PM_L1.1", 1, "L1.1 through PCI-PM is enabled"),
            Flag("ASPM_L1.2", 2, "L1.2 through ASPM is enabled"),
            Flag("ASPM_L1.1", 3, "L1.1 through ASPM is enabled"),
            Flag("LinkActIntEn", 4, "Interrupt when the link is activated"),
            Flag("LinkActCtl", 5, "Keeps the link active"),
            Number("T_CommonMode", 8, 8, "Microseconds to restore common mode"),
            Number("LTR1.2_Value", 16, 10, "Latency threshold for L1.2"),
            Number("LTR1.2_Scale", 29, 3, "Unit of the threshold: 1 ns times 32 to the power of this")),
        Register("L1SubCtl2", 0x0c, 4, Rw, "Control 2",
            Named("T_PowerOnScale", 0, 2, "Unit of the time to power on", PowerOnScales),
            Number("T_PowerOnValue", 3, 5, "Time to power on")),
    ];

    internal static void DecodeLatency(CapabilityReader reader)
    {
        reader.Read(Latency);
        if (reader.Has(4, 4))
        {
            reader.Derive("Max snoop latency", Nanoseconds(reader.Word(4)));
            reader.Derive("Max no snoop latency", Nanoseconds(reader.Word(6)));
        }
    }

    internal static void DecodeSubstates(CapabilityReader reader)
    {
        reader.Read(Substates);
        if (!reader.Has(4, 12))
        {
            return;
        }

        uint capable = reader.DoubleWord(4);
        if ((capable & 5) != 0)
        {
            reader.Derive("PortTPowerOnTime", PowerOn(Bits(capable, 16, 2), Bits(capable, 19, 5)));
            uint first = reader.DoubleWord(8);
            if ((capable & 4) != 0)
            {
                uint scale = Bits(first, 29, 3);
                reader.Derive(
                    "LTR1.2_Threshold", scale > 5 ? "<error>" : $"{(ulong)Bits(first, 16, 10) << (5 * (int)scale)}ns");
            }

            uint second = reader.DoubleWord(0x0c);
            reader.Derive("T_PwrOn", PowerOn(Bits(second, 0, 2), Bits(second, 3, 5)));
        }
    }

    // Scales 6 and 7 are not permitted (section 6.18).
    private static string Nanoseconds(uint latency) => Bits(latency, 10, 3) > 5
        ? "<error>"
        : $"{(ulong)Bits(latency, 0, 10) << (5 * (int)Bits(latency, 10, 3))}ns";

    private static string PowerOn(uint scale, uint value) => scale switch
    {
        0 => $"{2 * value}us",
        1 => $"{10 * value}us",
        2 => $"{100 * value}us",
        _ => "<error>",
    };

    private static RegisterField[] LatencyFields() =>
    [
        Number("Value", 0, 10, "Latency in units of the scale"),
        Named("Scale", 10, 3, "Unit", Names("1ns", "32ns", "1024ns", "32768ns", "1048576ns", "33554432ns")),
        Flag("Required", 15, "The latency is a requirement (in messages)"),
    ];
}
