using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes Access Control Services, which isolate functions, and Alternative Routing-ID, which allows more of them.
/// </summary>
internal static class IsolationCapabilities
{
    // PCI Express Base Specification 6.0, section 7.7.11.
    private static readonly RegisterDescription[] AccessControl =
    [
        Register(
            "ACSCap",
            4,
            2,
            Ro,
            "Capabilities",
            [
                .. AccessControls(),
                Number("EgressVectorSize", 8, 8, "Ports that egress control distinguishes; 0 means 256"),
            ]),
        Register("ACSCtl", 6, 2, Rw, "Control",
        [
            .. AccessControls(),
            Number("DSPMemTarget", 8, 2, "Handling of requests for a downstream port's memory"),
            Number("USPMemTarget", 10, 2, "Handling of requests for an upstream port's memory"),
            Flag("UnclaimedReqRedir", 12, "Redirects unclaimed requests"),
        ]),
    ];

    // PCI Express Base Specification 6.0, section 7.8.8.
    private static readonly RegisterDescription[] AlternativeRouting =
    [
        Register("ARICap", 4, 2, Ro, "Capabilities",
            Flag("MFVC", 0, "Supports arbitration by function groups"),
            Flag("ACS", 1, "Supports access control by function groups"),
            Number("NextFunction", 8, 8, "Next function; 0 for the last one")),
        Register("ARICtl", 6, 2, Rw, "Control",
            Flag("MFVC", 0, "Arbitrates by function groups"),
            Flag("ACS", 1, "Controls access by function groups"),
            Number("FunctionGroup", 4, 3, "This function's group")),
    ];

    internal static void DecodeAccessControl(CapabilityReader reader) => reader.Read(AccessControl);

    internal static void DecodeAlternativeRouting(CapabilityReader reader) => reader.Read(AlternativeRouting);

    private static RegisterField[] AccessControls() =>
    [
        Flag("SrcValid", 0, "Checks the requester ID of requests"),
        Flag("TransBlk", 1, "Blocks translated requests"),
        Flag("ReqRedir", 2, "Redirects peer-to-peer requests upstream"),
        Flag("CmpltRedir", 3, "Redirects peer-to-peer completions upstream"),
        Flag("UpstreamFwd", 4, "Forwards requests upstream that target the port's own link"),
        Flag("EgressCtrl", 5, "Controls which port may reach which"),
        Flag("DirectTrans", 6, "Allows translated requests to be routed directly"),
        Flag("Enhanced", 7, "Enhanced: memory targets; in control, blocks I/O requests"),
    ];
}
