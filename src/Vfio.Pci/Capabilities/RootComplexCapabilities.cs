using System.Globalization;
using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes capabilities that only functions of a root complex have (PCI Express Base Specification 6.0, sections 7.9.8
/// and 7.9.10).
/// </summary>
internal static class RootComplexCapabilities
{
    private const int LinkLength = 16;

    private static readonly RegisterDescription Description = Register("Desc", 4, 4, Ro, "This element",
        Named("EltType", 0, 8, "Kind of element", Names("Config", "Egress", "Internal")),
        Number("Links", 8, 8, "Links to other elements"),
        Hex("ComponentID", 16, 8, "Component"),
        Hex("PortNumber", 24, 8, "Port"));

    private static readonly RegisterDescription[] Link =
    [
        Register("Desc", 0x10, 4, Ro, "A link to another element",
            Flag("LinkValid", 0, "Is valid"),
            Named("LinkType", 1, 1, "Kind of address", Names("MemMapped", "Config")),
            Flag("AssocRCRB", 2, "Has a register block"),
            Hex("TargetComponent", 16, 8, "Component"),
            Hex("TargetPort", 24, 8, "Port")),
        Register("Addr", 0x18, 4, Ro, "Address of the other element"),
        Register("AddrHi", 0x1c, 4, Ro, "Address of the other element, upper half"),
    ];

    private static readonly RegisterDescription EndpointBitmap = Register(
        "RCiEPBitmap", 4, 4, Ro, "Devices whose errors it collects: bit n is device n");

    private static readonly RegisterDescription Buses = Register(
        "AssociatedBusNumbers", 8, 4, Ro, "Buses whose errors it collects",
            Hex("First", 8, 8, "First bus"),
            Hex("Last", 16, 8, "Last bus"));

    internal static void DecodeLink(CapabilityReader reader)
    {
        reader.Read(Description);
        uint links = Bits(reader.DoubleWord(4), 8, 8);
        for (int i = 0; i < links && !reader.IsTruncated; i++)
        {
            int shift = LinkLength * i;
            foreach (RegisterDescription register in Link)
            {
                reader.Read(register with { Name = $"Link{i}{register.Name}" }, shift);
            }

            if (reader.Has(0x10 + shift, LinkLength))
            {
                reader.Derive(
                    $"Link {i} address", Address(reader, shift, (reader.DoubleWord(0x10 + shift) >> 1 & 1) != 0));
            }
        }
    }

    internal static void DecodeEventCollector(CapabilityReader reader)
    {
        const int VersionWithBuses = 2;
        reader.Read(EndpointBitmap);
        if (reader.Has(4, 4))
        {
            reader.Derive("RCiEP at Device(s)", Ranges(reader.DoubleWord(4)));
        }

        if ((reader.DoubleWord(0) >> 16 & 0xf) >= VersionWithBuses)
        {
            reader.Read(Buses);
            uint buses = reader.DoubleWord(8);
            bool hasNone = Bits(buses, 16, 8) == 0 && Bits(buses, 8, 8) == 0xff;
            reader.Derive(
                "AssociatedBusNumbers", $"{Bits(buses, 8, 8):x2}-{Bits(buses, 16, 8):x2}{(hasNone ? " [none]" : "")}");
        }
    }

    // A configuration address consists of bus, device and function; its lowest bits say how many bits the bus number
    // has.
    private static string Address(CapabilityReader reader, int shift, bool isConfig)
    {
        uint low = reader.DoubleWord(0x18 + shift);
        string address = $"{reader.DoubleWord(0x1c + shift):x8}{low:x8}";
        int busBits = (low & 7) == 0 ? 8 : (int)(low & 7);
        return isConfig
            ? $"{Bits(low, 20, busBits):x2}:{Bits(low, 15, 5):x2}.{Bits(low, 12, 3)}  CfgSpace={address}"
            : address;
    }

    private static string Ranges(uint bits)
    {
        List<string> ranges = [];
        for (int i = 0; i < 32; i++)
        {
            int first = i;
            while (i < 32 && (bits >> i & 1) != 0)
            {
                i++;
            }

            if (i > first)
            {
                ranges.Add(
                    i == first + 1 ? $"{first}" : string.Create(CultureInfo.InvariantCulture, $"{first}-{i - 1}"));
            }
        }

        return ranges.Count == 0 ? "none" : string.Join(", ", ranges);
    }
}
