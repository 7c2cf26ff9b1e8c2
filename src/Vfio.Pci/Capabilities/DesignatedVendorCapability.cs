using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes vendor-specific extended capabilities (PCI Express Base Specification 6.0, sections 7.9.5 and 7.9.6), and
/// those of CXL by their kind.
/// </summary>
internal static class DesignatedVendorCapability
{
    private const ushort CxlVendor = 0x1e98;

    private static readonly RegisterDescription Vendor = Register("Header", 4, 4, Ro, "Header",
        Hex("ID", 0, 16, "The vendor's ID for it"),
        Number("Rev", 16, 4, "Revision"),
        Hex("Len", 20, 12, "Length in bytes, with this header"));

    private static readonly RegisterDescription[] Designated =
    [
        Register(
            "Header1",
            4,
            4,
            Ro,
            "Header",
            Hex("Vendor", 0, 16, "The vendor that defined it"),
            Number("Rev", 16, 4, "Revision"),
            Number("Len", 20, 12, "Length in bytes, with this header")),
        Register("Header2", 8, 2, Ro, "That vendor's ID for it"),
    ];

    internal static void DecodeVendor(CapabilityReader reader)
    {
        reader.Read(Vendor);
        uint header = reader.DoubleWord(4);
        reader.Summary = reader.Has(4, 4)
            ? $"ID={header & 0xffff:x4} Rev={header >> 16 & 0xf} Len={header >> 20:x3}"
            : null;
    }

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Designated);
        if (!reader.Has(4, 8))
        {
            return;
        }

        uint header = reader.DoubleWord(4);
        ushort id = reader.Word(8);
        int revision = (int)Bits(header, 16, 4);
        int length = (int)(header >> 20);
        bool isCxl = (header & 0xffff) == CxlVendor && length >= 16;
        reader.Summary = $"Vendor={header & 0xffff:x4} ID={id:x4} Rev={revision} Len={length}{(isCxl ? ": CXL" : "")}";
        if (isCxl && reader.Has(0, length))
        {
            CxlCapability.Decode(reader, id, revision, length);
        }
    }
}
