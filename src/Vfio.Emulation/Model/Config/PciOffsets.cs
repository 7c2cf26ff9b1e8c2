namespace Vfio.Emulation;

/// <summary>
/// Defines offsets and bits of the configuration header (PCI Express Base Specification 6.0, section 7.5.1).
/// </summary>
internal static class PciOffsets
{
    public const int VendorId = 0x00;
    public const int DeviceId = 0x02;
    public const int Status = 0x06;
    public const int Revision = 0x08;
    public const int CacheLineSize = 0x0c;
    public const int Bar0 = 0x10;
    public const int SubsystemVendorId = 0x2c;
    public const int SubsystemId = 0x2e;
    public const int Rom = 0x30;
    public const int CapabilityPointer = 0x34;
    public const int InterruptLine = 0x3c;
    public const int InterruptPin = 0x3d;
    public const int FirstCapability = 0x40;
    public const int FirstExtendedCapability = 0x100;

    public const byte StatusInterrupt = 1 << 3;
    public const byte StatusCapabilities = 1 << 4;

    public const uint BarIo = 1;
    public const uint BarMemory64 = 4;
    public const uint BarPrefetchable = 8;
    public const uint RomEnable = 1;
}
