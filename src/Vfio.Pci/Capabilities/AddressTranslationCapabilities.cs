using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes address translation, page requests and process address spaces (PCI Express Base Specification 6.0, sections
/// 10.5.1, 10.5.2 and 7.8.9).
/// </summary>
internal static class AddressTranslationCapabilities
{
    private static readonly RegisterDescription[] Translation =
    [
        Register("ATSCap", 4, 2, Ro, "Capabilities",
            Number("InvalidateQueueDepth", 0, 5, "Invalidations it accepts at a time; 0 means 32"),
            Flag("PageAlignedReq", 5, "Requests are page-aligned"),
            Flag("GlobalInvalidate", 6, "Supports global invalidation"),
            Flag("RelaxedOrdering", 7, "May order translation requests loosely")),
        Register("ATSCtl", 6, 2, Rw, "Control",
            Number("SmallestTranslationUnit", 0, 5, "Smallest translation: 4 KiB shifted left by this"),
            Flag("Enable", 15, "May cache translations")),
    ];

    private static readonly RegisterDescription[] PageRequests =
    [
        Register("PRICtl", 4, 2, Rw, "Control", Flag("Enable", 0, "May request pages"), Flag(
            "Reset", 1, "Writing 1 clears its requests")),
        Register("PRISta", 6, 2, W1C, "Status",
            Flag("RF", 0, "Response failure seen"),
            Flag("UPRGI", 1, "Unexpected group index seen"),
            Flag("Stopped", 8, "No requests are outstanding"),
            Flag("PASIDReq", 15, "Requires a PASID in responses")),
        Register("Capacity", 8, 4, Ro, "Page requests it supports at a time"),
        Register("Allocation", 0x0c, 4, Rw, "Page requests it may make at a time"),
    ];

    private static readonly RegisterDescription[] ProcessIds =
    [
        Register("PASIDCap", 4, 2, Ro, "Capabilities",
            Flag("Exec", 1, "Supports execute permission"),
            Flag("Priv", 2, "Supports privileged mode"),
            Number("MaxPASIDWidth", 8, 5, "Width of a PASID in bits")),
        Register("PASIDCtl", 6, 2, Rw, "Control",
            Flag("Enable", 0, "May use PASIDs"),
            Flag("Exec", 1, "May request execute permission"),
            Flag("Priv", 2, "May use privileged mode")),
    ];

    internal static void DecodeTranslation(CapabilityReader reader) => reader.Read(Translation);

    internal static void DecodePageRequests(CapabilityReader reader) => reader.Read(PageRequests);

    internal static void DecodeProcessIds(CapabilityReader reader) => reader.Read(ProcessIds);
}
