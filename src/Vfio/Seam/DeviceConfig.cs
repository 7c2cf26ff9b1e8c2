using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Reads the registers in a device's configuration space that the library itself needs. What a device reports is
/// bounded here.
/// </summary>
internal static class DeviceConfig
{
    /// <summary>The offset of the command register, whose bits are <see cref="PciCommand"/>.</summary>
    public const int Command = 0x04;

    // PCI Local Bus Specification 3.0, sections 6.2.3 and 6.7; PCI Bus Power Management Interface Specification 1.2,
    // section 3.2.
    private const ulong RevisionAndClass = 8;
    private const byte PowerManagement = 0x01;
    private const int PowerManagementLength = 8;
    private const int LegacyLength = 0x100;

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

    /// <summary>
    /// Gets whether the device was removed from the bus: its configuration space does not answer any more.
    /// </summary>
    /// <remarks>
    /// This reads the class code, which is never all ones. vfio-pci keeps the vendor and device ID, and answers reads
    /// of those itself.
    /// </remarks>
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

    /// <summary>Gets the offset of the power management capability.</summary>
    /// <returns>
    /// The offset, with the whole capability inside configuration space; <see langword="null"/> if there is no such
    /// capability, or the device does not answer.
    /// </returns>
    public static ulong? FindPowerManagement(this IDeviceBackend device, RegionInfo config)
    {
        if (config.Length < LegacyLength)
        {
            return null;
        }

        byte[] space = new byte[LegacyLength];
        for (int at = 0; at < LegacyLength; at += sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(space.AsSpan(at), device.ReadUInt32(config, (ulong)at));
        }

        return PciConfigSpace.Parse(space).Capabilities.FirstOrDefault(capability =>
            capability is { IsExtended: false, Id: PowerManagement }
            && capability.Offset <= LegacyLength - PowerManagementLength) is PciCapability found
            ? (ulong)found.Offset
            : null;
    }
}
