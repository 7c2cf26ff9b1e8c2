using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes Single Root I/O Virtualization (PCI Express Base Specification 6.0, section 9.3.3).</summary>
internal static class VirtualizationCapability
{
    private const int FirstBaseAddress = 0x24;
    private const int BaseAddresses = 6;

    private static readonly RegisterDescription[] Registers =
    [
        Register("IOVCap", 0x04, 4, Ro, "Capabilities",
            Flag("Migration", 0, "Supports migration of virtual functions"),
            Flag("ARIHierarchyPreserved", 1, "Keeps the ARI hierarchy flag in low-power states"),
            Flag("10BitTagReq", 2, "Virtual functions support 10-bit tags"),
            Number("IntMsg", 21, 11, "Interrupt message number of migration")),
        Register("IOVCtl", 0x08, 2, Rw, "Control",
            Flag("Enable", 0, "Virtual functions are enabled"),
            Flag("Migration", 1, "Migration is enabled"),
            Flag("Interrupt", 2, "Migration interrupt is enabled"),
            Flag("MSE", 3, "Virtual functions answer to memory accesses"),
            Flag("ARIHierarchy", 4, "Virtual functions may have numbers above 7"),
            Flag("10BitTagReq", 5, "Virtual functions may use 10-bit tags")),
        Register("IOVSta", 0x0a, 2, W1C, "Status", Flag("Migration", 0, "Migration was requested")),
        Register("InitialVFs", 0x0c, 2, Ro, "Initial number of virtual functions"),
        Register("TotalVFs", 0x0e, 2, Ro, "Maximum number of virtual functions"),
        Register("NumVFs", 0x10, 2, Rw, "Number of virtual functions"),
        Register("FunctionDependencyLink", 0x12, 1, Ro, "Function that this one depends on"),
        Register("VFOffset", 0x14, 2, Ro, "Routing ID offset from this function to the first virtual function"),
        Register("VFStride", 0x16, 2, Ro, "Routing ID offset from one virtual function to the next"),
        Register("VFDeviceID", 0x1a, 2, Ro, "Device ID of virtual functions"),
        Register("SupportedPageSize", 0x1c, 4, Ro, "Supported page sizes: bit n is 4 KiB shifted left by n"),
        Register("SystemPageSize", 0x20, 4, Rw, "Page size: bit n is 4 KiB shifted left by n"),
        .. Enumerable.Range(0, BaseAddresses).Select(BaseAddress),
        Register("VFMigration", 0x3c, 4, Ro, "Location of the migration state",
            Number("BIR", 0, 3, "Base address register"),
            Hex("Offset8", 3, 29, "Offset in that BAR, in units of 8 bytes")),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Registers);
        for (int i = 0; i < BaseAddresses && reader.Has(FirstBaseAddress + (4 * i), 4); i++)
        {
            uint low = reader.DoubleWord(FirstBaseAddress + (4 * i));
            if (low is 0 or uint.MaxValue)
            {
                continue;
            }

            string name = $"Region {i}";
            string high = "";
            uint type = low >> 1 & 3;
            if (type == 2)
            {
                i++;
                high = i < BaseAddresses ? $"{reader.DoubleWord(FirstBaseAddress + (4 * i)):x8}" : "";
            }

            string prefix = (low & 8) != 0 ? "" : "non-";
            reader.Derive(
                name, $"Memory at {high}{low & ~0xfu:x8} ({(type == 0 ? "32" : "64")}-bit, {prefix}prefetchable)");
        }

        if (reader.Has(0x3c, 4))
        {
            uint migration = reader.DoubleWord(0x3c);
            reader.Derive("VF Migration", $"offset: {migration & ~7u:x8}, BIR: {migration & 7:x}");
        }
    }

    private static RegisterDescription BaseAddress(int i) => Register(
        $"VFBAR{i}", FirstBaseAddress + (4 * i), 4, Rw, $"Base address register {i} of the first virtual function",
        Number("Type", 1, 2, "Width: 0 is 32 bits, 2 is 64"),
        Flag("Prefetchable", 3, "Reads have no side effects"),
        Hex("Address", 4, 28, "Address bits 31:4"));
}
