using System.Globalization;
using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes the capabilities of links at 8 GT/s and faster: equalization, data link features, margining.
/// </summary>
internal static class LinkLayerCapabilities
{
    // PCI Express Base Specification 6.0, section 7.7.3.
    private static readonly RegisterDescription[] Secondary =
    [
        Register("LnkCtl3", 4, 4, Rw, "Link control 3",
            Flag("PerformEqu", 0, "Writing 1 repeats the equalization"),
            Flag("LnkEquIntrruptEn", 1, "Interrupt when equalization is requested"),
            Hex("LowerSKPGenEn", 9, 7, "Speeds at which fewer SKP sets are sent")),
        Register("LaneErrStat", 8, 4, W1C, "Lanes that saw an error"),
    ];

    private static readonly RegisterDescription LaneEqualization = Register(
        "LaneEqCtl", 0x0c, 2, Ro, "Equalization of a lane at 8 GT/s",
            Number("DownTxPreset", 0, 4, "Downstream transmitter preset"),
            Number("DownRxHint", 4, 3, "Downstream receiver hint"),
            Number("UpTxPreset", 8, 4, "Upstream transmitter preset"),
            Number("UpRxHint", 12, 3, "Upstream receiver hint"));

    // PCI Express Base Specification 6.0, section 7.7.4.
    private static readonly RegisterDescription[] DataLink =
    [
        Register("DLFCap", 4, 4, Ro, "Capabilities",
            Flag("ScaledFlowControl", 0, "Supports scaled flow control"),
            Flag("ImmediateReadiness", 1, "Is ready immediately"),
            Number("ExtendedVCCount", 2, 3, "Virtual channels of flit mode"),
            Hex("Local", 0, 23, "All features of this end"),
            Flag("ExchangeEn", 31, "Exchanges features with the other end")),
        Register("DLFSta", 8, 4, Ro, "Status",
            Flag("RemoteScaledFlowControl", 0, "The other end supports scaled flow control"),
            Hex("Remote", 0, 23, "All features of the other end"),
            Flag("RemoteValid", 31, "The features of the other end are known")),
    ];

    // PCI Express Base Specification 6.0, section 7.7.5.
    private static readonly RegisterDescription[] PhysicalLayer16 =
    [
        Register("Cap", 4, 4, Ro, "Capabilities"),
        Register("Ctl", 8, 4, Ro, "Control"),
        Register("Sta", 0x0c, 4, W1C, "Status",
            Flag("EqualizationComplete", 0, "Equalization at 16 GT/s is complete"),
            Flag("EqualizationPhase1", 1, "Phase 1 succeeded"),
            Flag("EqualizationPhase2", 2, "Phase 2 succeeded"),
            Flag("EqualizationPhase3", 3, "Phase 3 succeeded"),
            Flag("LinkEqualizationRequest", 4, "Equalization is requested")),
        Register("LocalParityMismatch", 0x10, 4, W1C, "Lanes with a parity mismatch here"),
        Register("Retimer1ParityMismatch", 0x14, 4, W1C, "Lanes with a parity mismatch at the first retimer"),
        Register("Retimer2ParityMismatch", 0x18, 4, W1C, "Lanes with a parity mismatch at the second retimer"),
    ];

    private static readonly RegisterDescription LaneEqualization16 = Register(
        "LaneEqCtl", 0x20, 1, Ro, "Equalization of a lane at 16 GT/s",
            Number("DownTxPreset", 0, 4, "Downstream transmitter preset"),
            Number("UpTxPreset", 4, 4, "Upstream transmitter preset"));

    // PCI Express Base Specification 6.0, section 7.7.10.
    private static readonly RegisterDescription[] Margining =
    [
        Register("PortCap", 4, 2, Ro, "Capabilities", Flag("DriverSoftware", 0, "Margining requires driver software")),
        Register("PortSta", 6, 2, Ro, "Status", Flag("Ready", 0, "Ready to margin"), Flag(
            "SoftwareReady", 1, "Driver software is ready")),
    ];

    internal static void DecodeSecondary(CapabilityReader reader)
    {
        reader.Read(Secondary);
        ReadLanes(reader, LaneEqualization);
        if (reader.Has(8, 2))
        {
            // Bits 31:16 are lanes of links wider than x16, which do not exist any more in version 6.0.
            string lanes = "";
            for (int lane = 0; lane < 16; lane++)
            {
                lanes += (reader.Word(8) >> lane & 1) != 0
                    ? string.Create(CultureInfo.InvariantCulture, $" {lane}")
                    : "";
            }

            reader.Derive("Lane errors", lanes.Length == 0 ? "0" : $"LaneErr at lane:{lanes}");
        }
    }

    internal static void DecodeDataLink(CapabilityReader reader)
    {
        reader.Read(DataLink);
        reader.Summary = $"Exchange{Sign(reader.DoubleWord(4), 31)} RemoteValid{Sign(reader.DoubleWord(8), 31)}";
    }

    internal static void DecodePhysicalLayer16(CapabilityReader reader)
    {
        reader.Read(PhysicalLayer16);
        ReadLanes(reader, LaneEqualization16);
    }

    internal static void DecodeMargining(CapabilityReader reader) => reader.Read(Margining);

    // Reads one entry for each lane that the link can have.
    private static void ReadLanes(CapabilityReader reader, RegisterDescription lane)
    {
        for (int i = 0; i < Math.Min(reader.LinkWidth, 32); i++)
        {
            reader.Read(lane, i * lane.Width, $"{i}");
        }
    }
}
