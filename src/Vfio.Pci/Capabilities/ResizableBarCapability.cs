using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes Resizable BAR, for functions and for their virtual functions (PCI Express Base Specification 6.0, sections
/// 7.8.6 and 7.8.7).
/// </summary>
internal static class ResizableBarCapability
{
    private const int Entries = 6;
    private const int EntryLength = 8;

    private static readonly RegisterDescription[] Entry =
    [
        Register("BARCap", 4, 4, Ro, "Supported sizes", Hex("Sizes", 4, 28, "Bit n is 1 MiB shifted left by n")),
        Register("BARCtl", 8, 4, Rw, "The BAR, and its size",
            Number("BAR", 0, 3, "Base address register"),
            Number("Count", 5, 3, "Resizable registers (in the first entry)"),
            Number("Size", 8, 6, "Size: 1 MiB shifted left by this"),
            Hex("MoreSizes", 16, 16, "Supported sizes: bit n is 256 TiB shifted left by n")),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        int count = (int)Bits(reader.DoubleWord(8), 5, 3);
        bool isValid = count is >= 1 and <= Entries;
        for (int i = 0; i < (isValid ? count : 1); i++)
        {
            int shift = EntryLength * i;
            reader.Read(Entry, shift, i == 0 ? "" : $"{i + 1}");
            if (isValid && reader.Has(shift + 4, EntryLength))
            {
                Derive(reader, reader.DoubleWord(shift + 4) >> 4, reader.DoubleWord(shift + 8));
            }
        }

        if (!isValid && reader.Has(4, EntryLength))
        {
            reader.Derive("Fault", $"{count} resizable registers, where 1 to {Entries} are possible");
        }
    }

    private static void Derive(CapabilityReader reader, uint sizes, uint control)
    {
        ulong all = ((ulong)Bits(control, 16, 16) << 28) | sizes;
        string text = $"current size: {Size((int)Bits(control, 8, 6))}";
        string supported = "";
        for (int i = 0; i < 44; i++)
        {
            supported += (all >> i & 1) != 0 ? $" {Size(i)}" : "";
        }

        text += supported.Length == 0 ? "" : $", supported:{supported}";
        reader.Derive($"BAR {control & 7}", text);
    }

    private static string Size(int power)
    {
        string[] units = ["MB", "GB", "TB", "PB", "EB"];
        return power < 44 ? $"{1 << (power % 10)}{units[power / 10]}" : "<unknown>";
    }
}
