using System.Globalization;
using static Vfio.Pci.CapabilityReader;

namespace Vfio.Pci;

/// <summary>
/// Decodes the header: its registers by type, and values derived from several of them (PCI Express Base Specification
/// 6.0, section 7.5.1).
/// </summary>
internal static class HeaderDecoder
{
    internal const int Device = 0;
    internal const int Bridge = 1;
    internal const int CardBus = 2;

    internal static void Decode(CapabilityReader reader, PciConfigHeader header)
    {
        reader.Read(HeaderRegisters.Common);
        switch (reader.HeaderType)
        {
            case Device:
                reader.Read(HeaderRegisters.Device);
                DeriveRegions(reader, header, 6);
                DeriveRom(reader, 0x30);
                break;
            case Bridge:
                reader.Read(HeaderRegisters.Bridge);
                DeriveRegions(reader, header, 2);
                DeriveRom(reader, 0x38);
                DeriveWindows(reader);
                break;
            case CardBus:
                reader.Read(HeaderRegisters.CardBus);
                DeriveRegions(reader, header, 1);
                DeriveCardBusWindows(reader);
                break;
            default:
                reader.Read(HeaderRegisters.Interrupt()); // the same in all types (section 7.5.1.1)
                break;
        }
    }

    // Reports the registers as they are. An address of zero may be unassigned or not implemented; the header cannot
    // tell which.
    private static void DeriveRegions(CapabilityReader reader, PciConfigHeader header, int count)
    {
        bool hasPorts = (header.Command & PciCommand.IoSpace) != 0;
        bool hasMemory = (header.Command & PciCommand.MemorySpace) != 0;
        for (int i = 0; i < count; i++)
        {
            uint low = reader.DoubleWord(0x10 + (4 * i));
            if (low is 0 or uint.MaxValue)
            {
                continue;
            }

            string name = $"Region {i}";
            if ((low & 1) != 0)
            {
                reader.Derive(name, $"I/O ports at {Address(low & ~3u, hasPorts, 4)}{Disabled(hasPorts)}");
                continue;
            }

            ulong address = low & ~0xfu;
            uint type = low >> 1 & 3;
            if (type == 2)
            {
                i++;
                address = i < count ? address | (ulong)reader.DoubleWord(0x10 + (4 * i)) << 32 : 0;
            }

            string width = type switch { 0 => "32-bit", 1 => "low-1M", 2 => "64-bit", _ => "type 3" };
            string prefix = (low & 8) != 0 ? "" : "non-";
            reader.Derive(
                name, $"Memory at {Address(address, false, 8)} ({width}, {prefix}prefetchable){Disabled(hasMemory)}");
        }
    }

    private static string Address(ulong address, bool isZeroValid, int digits) => address == 0 && !isZeroValid
        ? "<unassigned>"
        : address.ToString(digits == 4 ? "x4" : "x8", CultureInfo.InvariantCulture);

    private static string Disabled(bool isEnabled) => isEnabled ? "" : " [disabled]";

    private static void DeriveRom(CapabilityReader reader, int at)
    {
        uint rom = reader.DoubleWord(at);
        if (rom is 0 or uint.MaxValue)
        {
            return;
        }

        uint address = rom & ~0x7ffu;
        bool hasMemory = (reader.Word(4) & 2) != 0;
        string state = (rom & 1) == 0 ? " [disabled]" : hasMemory ? "" : " [disabled by cmd]";
        reader.Derive(
            "Expansion ROM",
            $"{(address == 0 ? "<unassigned>" : address.ToString("x8", CultureInfo.InvariantCulture))}{state}");
    }

    // Sections 7.5.1.3.6 to 7.5.1.3.10: addresses are in units of 4 KiB and 1 MiB. If a base is above its limit,
    // nothing is forwarded.
    private static void DeriveWindows(CapabilityReader reader)
    {
        DerivePorts(reader);
        uint memory = reader.Word(0x20);
        uint lastMemory = reader.Word(0x22);
        if ((memory & 0xf) != 0 || (lastMemory & 0xf) != 0)
        {
            reader.Derive("Memory behind bridge", $"unknown range types {memory:x}/{lastMemory:x}");
        }
        else
        {
            DeriveWindow(reader, "Memory behind bridge", memory << 16, (lastMemory << 16) + 0xfffff, 32);
        }

        DerivePrefetchable(reader);
    }

    private static void DerivePorts(CapabilityReader reader)
    {
        uint ports = reader.Byte(0x1c);
        uint lastPort = reader.Byte(0x1d);
        if ((ports & 0xf) != (lastPort & 0xf) || (ports & 0xf) > 1)
        {
            reader.Derive("I/O behind bridge", $"unknown range types {ports:x}/{lastPort:x}");
        }
        else
        {
            bool isWide = (ports & 1) != 0;
            ulong upper = isWide ? (ulong)reader.Word(0x30) << 16 : 0;
            ulong upperLimit = isWide ? (ulong)reader.Word(0x32) << 16 : 0;
            DeriveWindow(
                reader,
                "I/O behind bridge",
                upper | (ports & 0xf0) << 8,
                (upperLimit | (lastPort & 0xf0) << 8) + 0xfff,
                isWide ? 32 : 16);
        }
    }

    private static void DerivePrefetchable(CapabilityReader reader)
    {
        uint prefetchable = reader.Word(0x24);
        uint lastPrefetchable = reader.Word(0x26);
        if ((prefetchable & 0xf) != (lastPrefetchable & 0xf) || (prefetchable & 0xf) > 1)
        {
            reader.Derive(
                "Prefetchable memory behind bridge", $"unknown range types {prefetchable:x}/{lastPrefetchable:x}");
        }
        else
        {
            bool isWide = (prefetchable & 1) != 0;
            ulong upper = isWide ? (ulong)reader.DoubleWord(0x28) << 32 : 0;
            ulong upperLimit = isWide ? (ulong)reader.DoubleWord(0x2c) << 32 : 0;
            DeriveWindow(
                reader,
                "Prefetchable memory behind bridge",
                upper | (prefetchable & 0xfff0) << 16,
                (upperLimit | (lastPrefetchable & 0xfff0) << 16) + 0xfffff,
                isWide ? 64 : 32);
        }
    }

    private static void DeriveWindow(CapabilityReader reader, string name, ulong first, ulong last, int bits)
    {
        string format = bits switch { 16 => "x4", 32 => "x8", _ => "x16" };
        string range = $"{first.ToString(format, CultureInfo.InvariantCulture)}"
            + $"-{last.ToString(format, CultureInfo.InvariantCulture)}";
        string size = first > last ? " [disabled]" : Size(unchecked(last - first + 1));
        reader.Derive(name, $"{range}{size} [{bits}-bit]");
    }

    private static string Size(ulong bytes)
    {
        // A size of 2^64 bytes does not fit a number.
        if (bytes == 0)
        {
            return "";
        }

        string[] units = ["", "K", "M", "G", "T"];
        int unit = 0;
        while (unit < units.Length - 1 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $" [size={bytes}{units[unit]}]");
    }

    private static void DeriveCardBusWindows(CapabilityReader reader)
    {
        ushort command = reader.Word(4);
        ushort control = reader.Word(0x3e);
        for (int i = 0; i < 2; i++)
        {
            uint first = reader.DoubleWord(0x1c + (8 * i));
            uint last = unchecked(reader.DoubleWord(0x20 + (8 * i)) + 0xfff);
            string prefetchable = Bits(control, 8 + i, 1) != 0 ? " (prefetchable)" : "";
            reader.Derive($"Memory window {i}", $"{first:x8}-{last:x8}{Disabled((command & 2) != 0)}{prefetchable}");
        }

        for (int i = 0; i < 2; i++)
        {
            uint first = reader.DoubleWord(0x2c + (8 * i));
            uint last = reader.DoubleWord(0x30 + (8 * i));
            uint mask = (first & 1) != 0 ? ~3u : 0xfffcu;
            reader.Derive($"I/O window {i}", $"{first & mask:x8}-{(last & mask) + 3:x8}{Disabled((command & 1) != 0)}");
        }
    }
}
