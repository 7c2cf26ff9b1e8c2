using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio;

/// <summary>Registers in a device's configuration space, for what the library itself has to know of it; what a device says is bounded here.</summary>
internal static class DeviceConfig
{
    // "PCI Local Bus Specification" 3.0, 6.2.3 and 6.7; "PCI Bus Power Management Interface Specification" 1.2, 3.2.
    private const ulong Status = 0x06;
    private const ulong RevisionAndClass = 8;
    private const ushort CapabilitiesList = 1 << 4;
    private const ulong CapabilitiesPointer = 0x34;
    private const byte PowerManagement = 0x01;
    private const int PowerManagementLength = 8;
    private const int HeaderLength = 0x40;
    private const int LegacyLength = 0x100;
    private const int MostCapabilities = (LegacyLength - HeaderLength) / 4;

    public static ushort ReadUInt16(this IDeviceBackend device, RegionInfo config, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        device.ReadRegion(config, offset, bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public static uint ReadUInt32(this IDeviceBackend device, RegionInfo config, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        device.ReadRegion(config, offset, bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public static void WriteUInt16(this IDeviceBackend device, RegionInfo config, ulong offset, ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        device.WriteRegion(config, offset, bytes);
    }

    /// <summary>Whether the device is gone from the bus: its configuration space does not answer any more.</summary>
    /// <remarks>By the class code, which no device has all ones in: vfio-pci keeps the ids of the vendor and answers those itself.</remarks>
    public static bool IsLost(this IDeviceBackend device)
    {
        RegionInfo config = device.GetRegionInfo(RegionIndex.Config);
        if (!config.IsImplemented)
        {
            return false;
        }

        try
        {
            return device.ReadUInt32(config, RevisionAndClass) == uint.MaxValue;
        }
        catch (VfioException e) when (e.Errno is Errno.EIO or Errno.ENODEV)
        {
            return true;
        }
    }

    /// <summary>Where the power management capability lies.</summary>
    /// <returns>Its offset, all of it in the space; null where there is none, or the device does not answer.</returns>
    public static ulong? FindPowerManagement(this IDeviceBackend device, RegionInfo config)
    {
        if (config.Length < LegacyLength || (device.ReadUInt16(config, Status) & CapabilitiesList) == 0)
        {
            return null;
        }

        // The device's word for where the next one is: no loop, nothing in the header.
        int place = device.ReadUInt16(config, CapabilitiesPointer) & 0xfc;
        for (int count = 0; place >= HeaderLength && count < MostCapabilities; count++)
        {
            ushort header = device.ReadUInt16(config, (ulong)place);
            if ((byte)header == PowerManagement && place <= LegacyLength - PowerManagementLength)
            {
                return (ulong)place;
            }

            place = (header >> 8) & 0xfc;
        }

        return null;
    }
}
