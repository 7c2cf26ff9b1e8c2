using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes a CXL Flex Bus port (CXL Specification 3.0, section 8.2.1.3).</summary>
internal static class CxlFlexBusCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register(
            "FBCap",
            0x0a,
            2,
            Ro,
            "Capabilities",
            [
                .. Protocols(),
                Flag("68BFlit", 5, "Flits of 68 bytes"),
                Flag("MltLogDev", 6, "Several logical devices"),
                .. Flits(),
            ]),
        Register("FBCtl", 0x0c, 2, Rw, "Control",
        [
            .. Protocols(), .. Trained(),
            Flag("RCD", 7, "Training as a restricted device is disabled"),
            Flag("Retimer1", 8, "One retimer is present"),
            Flag("Retimer2", 9, "Two retimers are present"),
            .. Flits(),
        ]),
        Register("FBSta", 0x0e, 2, W1C, "Status", [.. Protocols(), .. Trained(), .. Flits()]),
        Register("FBModTS", 0x10, 4, Ro, "Received training data", Hex("Data", 0, 24, "Data")),
    ];

    private static readonly RegisterDescription[] Registers2 =
    [
        Register("FBCap2", 0x14, 4, Ro, "Capabilities 2", Flag("NOPHint", 0, "Supports NOP hints")),
        Register("FBCtl2", 0x18, 4, Rw, "Control 2", Flag("NOPHint", 0, "Uses NOP hints")),
        Register("FBSta2", 0x1c, 4, Ro, "Status 2", Hex("NOPHintInfo", 0, 2, "Negotiated NOP hints")),
    ];

    internal static void Decode(CapabilityReader reader, int revision)
    {
        reader.Read(Registers);
        if (revision > 1)
        {
            reader.Read(Registers2);
        }
    }

    private static RegisterField[] Protocols() =>
        [Flag("Cache", 0, "CXL.cache"), Flag("IO", 1, "CXL.io"), Flag("Mem", 2, "CXL.mem")];

    private static RegisterField[] Trained() =>
    [
        Flag("SynHdrByp", 3, "Omits the sync header"),
        Flag("DrftBuf", 4, "Uses the drift buffer"),
        Flag("68BFlit", 5, "Flits of 68 bytes"),
        Flag("MltLogDev", 6, "Several logical devices"),
    ];

    private static RegisterField[] Flits() =>
        [Flag("256BFlit", 13, "256-byte flits, low latency"), Flag("PBRFlit", 14, "Flits with port-based routing")];
}
