using System.Buffers.Binary;
using Vfio.Drivers.Display;
using Vfio.Drivers.Net;
using Vfio.Drivers.Nvme;
using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Finds the register maps of a device.</summary>
internal static class KnownRegisters
{
    private const ushort Intel = 0x8086;

    /// <summary>Returns the maps for a device: those of its own regions first, configuration space last.</summary>
    /// <param name="device">The device; its IDs and class select the maps. Its configuration space is read, which may
    /// wake it.</param>
    /// <returns>The maps, at most one for each region.</returns>
    public static IReadOnlyList<RegisterMap> For(PciDeviceInfo device) =>
        [.. new[] { OwnMap(DeviceIdentity.Of(device)), ConfigMap(device) }.OfType<RegisterMap>()];

    /// <summary>Returns the map of a device's own registers. This does not access the device.</summary>
    /// <param name="device">The device; its IDs and class select the map.</param>
    /// <returns>The map, or <see langword="null"/> if such a device has no map.</returns>
    public static RegisterMap? OwnMap(DeviceIdentity device) => (device.VendorId, device.DeviceId) switch
    {
        (Intel, 0x10d3 or 0x10f6) => Intel82574Registers.Map,
        (EduRegisters.VendorId, EduRegisters.DeviceId) => EduRegisters.Map,
        (BochsRegisters.VendorId, BochsRegisters.DeviceId) => BochsRegisters.Map,
        _ => device.Class == PciClassCode.NvmExpress ? NvmeRegisters.Map : null,
    };

    /// <summary>Creates the map of a device's configuration space from its present content.</summary>
    /// <param name="device">The device, which this may wake.</param>
    /// <returns>The map, or <see langword="null"/> if the kernel returns less than a header.</returns>
    public static RegisterMap? ConfigMap(PciDeviceInfo device)
    {
        Span<byte> bytes = stackalloc byte[PciConfigSpace.MaxLength];
        int length = device.ReadConfig(bytes);
        return length < PciConfigHeader.Length ? null : PciConfigSpace.Parse(bytes[..length]).ToRegisterMap();
    }

    /// <summary>Creates the map of an open device's configuration space.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The map, or <see langword="null"/> if the kernel returns less than a header.</returns>
    /// <exception cref="VfioException">Configuration space cannot be read.</exception>
    public static RegisterMap? ConfigMap(VfioDevice device)
    {
        byte[] bytes = ReadConfig(device);
        return bytes.Length < PciConfigHeader.Length ? null : PciConfigSpace.Parse(bytes).ToRegisterMap();
    }

    /// <summary>Reads the configuration space of an open device.</summary>
    /// <exception cref="VfioException">Configuration space cannot be read.</exception>
    public static byte[] ReadConfig(VfioDevice device)
    {
        using Region config = device.OpenRegion(RegionIndex.Config, RegionAccess.Trapped);
        byte[] bytes = new byte[Math.Min(config.Length, PciConfigSpace.MaxLength) & ~3UL];
        for (int offset = 0; offset < bytes.Length; offset += sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), config.ReadUInt32((uint)offset));
        }

        return bytes;
    }

    /// <summary>
    /// Returns whether sysfs shows only the header of a device's configuration space, as it does to users other than
    /// root.
    /// </summary>
    /// <param name="device">The device, which this may wake.</param>
    public static bool SeesHeaderOnly(PciDeviceInfo device)
    {
        Span<byte> bytes = stackalloc byte[PciConfigHeader.Length + 1];
        return device.ReadConfig(bytes) <= PciConfigHeader.Length;
    }
}
