using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Address translation, page requests, process address spaces (PCI Express Base Specification 6.0, sections 10.5.1, 10.5.2 and 7.8.9).</summary>
internal static class AddressTranslationCapabilities
{
    private static readonly RegisterDescription[] Translation =
    [
        Register("ATSCap", 4, 2, Ro, "Capabilities",
            Number("InvalidateQueueDepth", 0, 5, "Invalidations it takes at a time; 0 is 32"),
            Flag("PageAlignedReq", 5, "Asks for whole pages"),
            Flag("GlobalInvalidate", 6, "Knows global invalidation"),
            Flag("RelaxedOrdering", 7, "May order translation requests loosely")),
        Register("ATSCtl", 6, 2, Rw, "Control",
            Number("SmallestTranslationUnit", 0, 5, "Smallest translation: 4 KiB shifted left by this"),
            Flag("Enable", 15, "May cache translations")),
    ];

    private static readonly RegisterDescription[] PageRequests =
    [
        Register("PRICtl", 4, 2, Rw, "Control", Flag("Enable", 0, "May ask for pages"), Flag("Reset", 1, "Writing 1 clears its requests")),
        Register("PRISta", 6, 2, W1C, "Status",
            Flag("RF", 0, "Response failure seen"),
            Flag("UPRGI", 1, "Unexpected group index seen"),
            Flag("Stopped", 8, "No requests are open"),
            Flag("PASIDReq", 15, "Expects the process id in responses")),
        Register("Capacity", 8, 4, Ro, "Page requests it could have open"),
        Register("Allocation", 0x0c, 4, Rw, "Page requests it may have open"),
    ];

    private static readonly RegisterDescription[] ProcessIds =
    [
        Register("PASIDCap", 4, 2, Ro, "Capabilities",
            Flag("Exec", 1, "Can ask to execute"),
            Flag("Priv", 2, "Has a privileged mode"),
            Number("MaxPASIDWidth", 8, 5, "Bits of a process id")),
        Register("PASIDCtl", 6, 2, Rw, "Control",
            Flag("Enable", 0, "May use process ids"),
            Flag("Exec", 1, "May ask to execute"),
            Flag("Priv", 2, "May use the privileged mode")),
    ];

    internal static void DecodeTranslation(CapabilityReader reader) => reader.Read(Translation);

    internal static void DecodePageRequests(CapabilityReader reader) => reader.Read(PageRequests);

    internal static void DecodeProcessIds(CapabilityReader reader) => reader.Read(ProcessIds);
}
