using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Access Control Services and Alternative Routing-ID: what isolates functions, and how many there are.</summary>
internal static class IsolationCapabilities
{
    // PCI Express Base Specification 6.0, section 7.7.11.
    private static readonly RegisterDescription[] AccessControl =
    [
        Register("ACSCap", 4, 2, Ro, "Capabilities", [.. AccessControls(), Number("EgressVectorSize", 8, 8, "Ports that egress control tells apart; 0 is 256")]),
        Register("ACSCtl", 6, 2, Rw, "Control",
        [
            .. AccessControls(),
            Number("DSPMemTarget", 8, 2, "What happens to requests for a downstream port's memory"),
            Number("USPMemTarget", 10, 2, "What happens to requests for an upstream port's memory"),
            Flag("UnclaimedReqRedir", 12, "Redirects requests that nobody claims"),
        ]),
    ];

    // PCI Express Base Specification 6.0, section 7.8.8.
    private static readonly RegisterDescription[] AlternativeRouting =
    [
        Register("ARICap", 4, 2, Ro, "Capabilities",
            Flag("MFVC", 0, "Can arbitrate by function groups"),
            Flag("ACS", 1, "Can control access by function groups"),
            Number("NextFunction", 8, 8, "Next function; 0 is the last")),
        Register("ARICtl", 6, 2, Rw, "Control",
            Flag("MFVC", 0, "Arbitrates by function groups"),
            Flag("ACS", 1, "Controls access by function groups"),
            Number("FunctionGroup", 4, 3, "This function's group")),
    ];

    internal static void DecodeAccessControl(CapabilityReader reader) => reader.Read(AccessControl);

    internal static void DecodeAlternativeRouting(CapabilityReader reader) => reader.Read(AlternativeRouting);

    private static RegisterField[] AccessControls() =>
    [
        Flag("SrcValid", 0, "Checks who a request says it is from"),
        Flag("TransBlk", 1, "Blocks translated requests"),
        Flag("ReqRedir", 2, "Sends requests between peers upstream"),
        Flag("CmpltRedir", 3, "Sends completions between peers upstream"),
        Flag("UpstreamFwd", 4, "Forwards upstream what targets the port's own link"),
        Flag("EgressCtrl", 5, "Controls which port may reach which"),
        Flag("DirectTrans", 6, "Lets translated requests go directly"),
        Flag("Enhanced", 7, "Enhanced: memory targets; in control, blocks I/O requests"),
    ];
}
