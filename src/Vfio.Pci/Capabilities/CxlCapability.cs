using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes the capabilities of Compute Express Link (CXL Specification 3.0, section 8.1).</summary>
internal static class CxlCapability
{
    private const int DeviceLength = 0x38;
    private const int PortLength = 0x28;
    private const int MostLogicalDevices = 16;

    // Section 8.1.5.
    private static readonly RegisterDescription[] Port =
    [
        Register("CXLPortSta", 0x0a, 2, Ro, "Port status", Flag("PMComplete", 0, "Power management is initialised")),
        Register("CXLPortCtl", 0x0c, 2, Rw, "Port control",
            Flag("UnmaskSBR", 0, "Passes secondary bus resets on"),
            Flag("UnmaskLinkDisable", 1, "Passes link disable on"),
            Flag("AltMem", 2, "Uses the alternate memory and bus ranges"),
            Flag("AltBME", 3, "Bus mastering for the alternate ranges"),
            Flag("ViralEnable", 14, "Handles viral errors")),
        Register("AltBusBase", 0x0e, 1, Rw, "First alternate bus"),
        Register("AltBusLimit", 0x0f, 1, Rw, "Last alternate bus"),
        Register("AltMemBase", 0x10, 2, Rw, "First alternate address, bits 31:20"),
        Register("AltMemLimit", 0x12, 2, Rw, "Last alternate address, bits 31:20"),
    ];

    // Section 8.1.9: eight bytes for each block.
    private static readonly RegisterDescription[] Locator =
    [
        Register("Block", 0x0c, 4, Ro, "A block of registers",
            Number("BIR", 0, 3, "Base address register"),
            Named(
                "ID",
                8,
                8,
                "Content",
                [
                    .. Names(
                        "empty", "component registers", "BAR virtualization", "CXL device registers", "CPMU registers"),
                    new(0xff, "vendor-specific"),
                ]),
            Hex("Offset", 16, 16, "Offset bits 31:16")),
        Register("BlockHi", 0x10, 4, Ro, "Offset, upper half"),
    ];

    // Section 8.1.10.
    private static readonly RegisterDescription LogicalDevices = Register("NumLogDevs", 0x0a, 2, Ro, "Logical devices");

    // Section 8.1.4.
    private static readonly RegisterDescription FunctionMap = Register(
        "FuncMap", 0x0c, 4, Ro, "Functions without CXL, one bit each");

    internal static void Decode(CapabilityReader reader, ushort id, int revision, int length)
    {
        switch (id)
        {
            case 0 when revision >= 1 && length >= DeviceLength:
                CxlDeviceCapability.Decode(reader);
                break;
            case 2:
                for (int i = 0; i < 8; i++)
                {
                    reader.Read(FunctionMap, 4 * i, $"{i}");
                }

                break;
            case 3 when length >= PortLength:
                reader.Read(Port);
                break;
            case 4:
                CxlFlushCapability.DecodePort(reader);
                break;
            case 5:
                CxlFlushCapability.DecodeDevice(reader);
                break;
            case 7 when revision >= 1:
                CxlFlexBusCapability.Decode(reader, revision);
                break;
            case 8:
                DecodeLocator(reader, length);
                break;
            case 9 when reader.Word(0x0a) is > 0 and <= MostLogicalDevices:
                reader.Read(LogicalDevices);
                break;
        }
    }

    private static void DecodeLocator(CapabilityReader reader, int length)
    {
        for (int i = 0; 0x0c + (8 * i) + 8 <= length; i++)
        {
            int shift = 8 * i;
            reader.Read(Locator, shift, $"{i + 1}");
            uint low = reader.DoubleWord(0x0c + shift);
            if (Bits(low, 8, 8) != 0)
            {
                ulong offset = ((ulong)reader.DoubleWord(0x10 + shift) << 32) | (low & 0xffff0000);
                reader.Derive($"Block{i + 1}", $"BIR: bar{low & 7}, offset: {offset:x16}");
            }
        }
    }
}
