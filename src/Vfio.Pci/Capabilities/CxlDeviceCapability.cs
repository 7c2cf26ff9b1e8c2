using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes a CXL device (CXL Specification 3.0, section 8.1.3).</summary>
internal static class CxlDeviceCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("CXLCap", 0x0a, 2, Ro, "Capabilities",
            Flag("Cache", 0, "Supports CXL.cache"),
            Flag("IO", 1, "Supports CXL.io"),
            Flag("Mem", 2, "Supports CXL.mem"),
            Flag("MemHWInit", 3, "Memory is initialised by the device"),
            Number("HDMCount", 4, 2, "Memory ranges"),
            Flag("Viral", 14, "Supports viral errors")),
        Register("CXLCtl", 0x0c, 2, Rw, "Control",
            Flag("Cache", 0, "CXL.cache is enabled"),
            Flag("IO", 1, "CXL.io is enabled"),
            Flag("Mem", 2, "CXL.mem is enabled"),
            Number("CacheSFCov", 3, 5, "Snoop filter coverage"),
            Number("CacheSFGran", 8, 3, "Snoop filter granularity"),
            Flag("CacheClean", 11, "Hint on clean evictions"),
            Flag("Viral", 14, "Handles viral errors")),
        Register("CXLSta", 0x0e, 2, W1C, "Status", Flag("Viral", 14, "Viral error seen")),
        Register("CXLCtl2", 0x10, 2, Rw, "Control 2"),
        Register("CXLSta2", 0x12, 2, Ro, "Status 2",
            Flag("CacheInvalid", 0, "Cache is invalid"),
            Flag("ResetComplete", 1, "Reset has completed"),
            Flag("ResetError", 2, "Reset failed"),
            Flag("PMComplete", 15, "Power management is initialised")),
        Register("CXLLock", 0x14, 2, Rw, "Lock", Flag("Lock", 0, "Registers are locked")),
        Register("CXLCap2", 0x16, 2, Ro, "Capabilities 2",
            Named("CacheSizeUnit", 0, 4, "Unit of the cache size", Names("not reported", "64K", "1M")),
            Number("CacheSize", 8, 8, "Cache size")),
        .. Range(0x18, 1),
        .. Range(0x28, 2),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Registers);
        uint unit = Bits(reader.Word(0x16), 0, 4);
        uint size = Bits(reader.Word(0x16), 8, 8);
        reader.Derive("Cache Size", unit switch
        {
            0 => "Not Reported",
            1 => $"{size << 16:x8}",
            2 => $"{size << 20:x8}",
            _ => $"{size} of unknown unit size ({unit})",
        });
        DeriveRange(reader, 0x18, 1);
        DeriveRange(reader, 0x28, 2);
    }

    // The upper half comes first.
    private static void DeriveRange(CapabilityReader reader, int at, int number)
    {
        ulong size = ((ulong)reader.DoubleWord(at) << 32) | (reader.DoubleWord(at + 4) & 0xf0000000);
        ulong start = ((ulong)reader.DoubleWord(at + 8) << 32) | reader.DoubleWord(at + 12);
        reader.Derive($"Range{number}", $"{start:x16}-{unchecked(start + size - 1):x16}");
    }

    private static RegisterDescription[] Range(int at, int number) =>
    [
        Register($"Range{number}SizeHi", at, 4, Ro, "Size of a range, upper half"),
        Register($"Range{number}Size", at + 4, 4, Ro, "Size of a range",
            Flag("Valid", 0, "Size is valid"),
            Flag("Active", 1, "Memory is ready"),
            Named("Type", 2, 3, "Type", Names("Volatile", "Non-volatile", "CDAT")),
            Named("Class", 5, 3, "Class", Names("DRAM", "Storage", "CDAT")),
            Named("Interleave", 8, 5, "Preferred interleaving in bytes", Names(
                "0", "256", "4096", "512", "1024", "2048", "8192", "16384")),
            Named("Timeout", 13, 3, "Seconds until it is ready", Names("1", "4", "16", "64", "256")),
            Hex("Size", 28, 4, "Size bits 31:28")),
        Register($"Range{number}BaseHi", at + 8, 4, Rw, "Base of a range, upper half"),
        Register($"Range{number}Base", at + 12, 4, Rw, "Base of a range", Hex("Base", 28, 4, "Base bits 31:28")),
    ];
}
