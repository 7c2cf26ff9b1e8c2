using System.Globalization;
using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes Enhanced Allocation: addresses that are fixed in hardware (PCI Express Base Specification 6.0, section
/// 7.8.5).
/// </summary>
internal static class EnhancedAllocationCapability
{
    private static readonly RegisterDescription Flags = Register(
        "Flags", 2, 2, Ro, "Number of entries", Number("NumEntries", 0, 6, "Entries"));

    private static readonly RegisterDescription[] Buses =
    [
        Register("Secondary", 4, 1, Ro, "Fixed bus below"),
        Register("Subordinate", 5, 1, Ro, "Fixed highest bus below"),
    ];

    private static readonly RegisterDescription Entry = Register("Entry", 0, 4, Rw, "An entry's header",
        Number("EntrySize", 0, 3, "Length in units of 4 bytes, minus one"),
        Named("BEI", 4, 4, "The resource that it stands for", Indicators()),
        Named("PrimaryProperties", 8, 8, "Kind of resource", Properties("entry unavailable for use")),
        Named("SecondaryProperties", 16, 8, "Kind of resource, if the first is unknown", Properties(
            "entry unavailable for use, PrimaryProperties should be used")),
        Flag("Writable", 30, "Can be moved"),
        Flag("Enable", 31, "Is enabled"));

    private static readonly RegisterDescription Base = Register(
        "Base",
        4,
        4,
        Rw,
        "First address",
        Flag("64bit", 1, "Upper half follows"),
        Hex("Address", 2, 30, "Address bits 31:2"));
    private static readonly RegisterDescription MaxOffset = Register(
        "MaxOffset",
        8,
        4,
        Rw,
        "Last address minus the first",
        Flag("64bit", 1, "Upper half follows"),
        Hex("Offset", 2, 30, "Bits 31:2"));
    private static readonly RegisterDescription Upper = Register("Upper", 0, 4, Rw, "Upper half");

    internal static void Decode(CapabilityReader reader)
    {
        int count = (int)Bits(reader.Word(2), 0, 6);
        int at = 4;
        reader.Read(Flags);
        reader.Summary = $"NumEntries={count}";
        if (reader.HeaderType == HeaderDecoder.Bridge)
        {
            reader.Read(Buses);
            reader.Summary += reader.Has(4, 2) ? $", secondary={reader.Byte(4)}, subordinate={reader.Byte(5)}" : "";
            at += 4;
        }

        for (int i = 0; i < count; i++)
        {
            // An entry that extends outside the image is reported once, and those after it are not read.
            int size = (int)Bits(reader.DoubleWord(at), 0, 3);
            reader.Read(Entry, at, $"{i}");
            if (!reader.Has(at, 4 + (4 * size)))
            {
                reader.Read(Upper, at + (4 * size), $"{i}");
                return;
            }

            if (size >= 2)
            {
                DecodeAddresses(reader, at, i, size);
            }

            at += 4 + (4 * size);
        }
    }

    private static void DecodeAddresses(CapabilityReader reader, int at, int entry, int size)
    {
        reader.Read(Base, at, $"{entry}");
        reader.Read(MaxOffset, at, $"{entry}");
        int end = at + 4 + (4 * size);
        int next = at + 12;
        string baseHigh = ReadUpper(reader, reader.DoubleWord(at + 4), ref next, end, $"Base{entry}Hi");
        string offsetHigh = ReadUpper(reader, reader.DoubleWord(at + 8), ref next, end, $"MaxOffset{entry}Hi");
        reader.Derive(
            $"Entry {entry} base",
            string.Create(CultureInfo.InvariantCulture, $"{baseHigh}{reader.DoubleWord(at + 4) & ~3u:x8}"));
        reader.Derive(
            $"Entry {entry} max offset",
            string.Create(CultureInfo.InvariantCulture, $"{offsetHigh}{reader.DoubleWord(at + 8) | 3u:x8}"));
    }

    private static string ReadUpper(CapabilityReader reader, uint low, ref int next, int end, string name)
    {
        if ((low & 2) == 0 || next + 4 > end)
        {
            return "";
        }

        reader.Read(Upper with { Name = name }, next);
        string high = $"{reader.DoubleWord(next):x}";
        next += 4;
        return high;
    }

    private static IReadOnlyList<RegisterFieldValue> Indicators() => Names(
        "BAR 0",
        "BAR 1",
        "BAR 2",
        "BAR 3",
        "BAR 4",
        "BAR 5",
        "resource behind function",
        "not indicated",
        "expansion ROM",
        "VF-BAR 0",
        "VF-BAR 1",
        "VF-BAR 2",
        "VF-BAR 3",
        "VF-BAR 4",
        "VF-BAR 5",
        "reserved");

    private static IReadOnlyList<RegisterFieldValue> Properties(string unavailable) =>
    [
        .. Names(
            "memory space, non-prefetchable",
            "memory space, prefetchable",
            "I/O space",
            "VF memory space, prefetchable",
            "VF memory space, non-prefetchable",
            "allocation behind bridge, non-prefetchable memory",
            "allocation behind bridge, prefetchable memory",
            "allocation behind bridge, I/O space"),
        new(0xfd, "memory space resource unavailable for use"),
        new(0xfe, "I/O space resource unavailable for use"),
        new(0xff, unavailable),
    ];
}
