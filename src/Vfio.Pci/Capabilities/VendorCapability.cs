using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes vendor-specific capabilities (PCI Express Base Specification 6.0, section 7.9.4), and those of virtio by
/// their type (Virtual I/O Device 1.2, section 4.1.4).
/// </summary>
internal static class VendorCapability
{
    private const ushort VirtioVendor = 0x1af4;
    private const int VirtioLength = 16;
    private const int VirtioNotifyLength = 20;

    private static readonly RegisterDescription Length = Register(
        "Length", 2, 1, Ro, "Length of the capability in bytes");

    private static readonly RegisterDescription[] Virtio =
    [
        Register("Type", 3, 1, Ro, "The structure that it locates",
            Named("Type", 0, 8, "Structure", Names(
                "", "CommonCfg", "Notify", "ISR", "DeviceCfg", "PciCfg", "", "", "SharedMemory", "Vendor"))),
        Register("BAR", 4, 1, Ro, "Base address register"),
        Register("Id", 5, 1, Ro, "Number among several structures of the type"),
        Register("Offset", 8, 4, Ro, "Offset in the base address register"),
        Register("Size", 12, 4, Ro, "Size of the structure in bytes"),
    ];

    private static readonly RegisterDescription VirtioMultiplier = Register(
        "Multiplier", 16, 4, Ro, "Bytes from one queue's notification to the next");

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Length);
        int length = reader.Byte(2);
        bool isVirtio = reader.VendorId == VirtioVendor && reader.DeviceId is >= 0x1000 and <= 0x107f
            && length >= VirtioLength && reader.Has(0, length);
        if (!isVirtio)
        {
            reader.Summary = $"Len={length:x2}";
            return;
        }

        reader.Read(Virtio);
        byte type = reader.Byte(3);
        reader.Summary = $"VirtIO: {Virtio[0].Fields[0].Describe(type)}";
        string multiplier = "";
        if (type == 2 && length >= VirtioNotifyLength)
        {
            reader.Read(VirtioMultiplier);
            multiplier = $" multiplier={reader.DoubleWord(16):x8}";
        }

        reader.Derive(
            "Structure",
            $"BAR={reader.Byte(4)} offset={reader.DoubleWord(8):x8} size={reader.DoubleWord(12):x8}{multiplier}");
    }
}
