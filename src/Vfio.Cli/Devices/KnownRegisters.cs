using System.Buffers.Binary;
using Vfio.Drivers.Display;
using Vfio.Drivers.Net;
using Vfio.Drivers.Nvme;
using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>The register maps of a device: what its registers are called, where that is known.</summary>
internal static class KnownRegisters
{
    private const ushort Intel = 0x8086;

    /// <summary>The maps for a device, its own regions first, configuration space last.</summary>
    /// <param name="device">The device; its ids and class choose. Its configuration space is read, which may wake it.</param>
    /// <returns>The maps; there is at most one for each region.</returns>
    public static IReadOnlyList<RegisterMap> For(PciDeviceInfo device) =>
        [.. new[] { OwnMap(DeviceIdentity.Of(device)), ConfigMap(device) }.OfType<RegisterMap>()];

    /// <summary>The map of a device's own registers. Reads nothing from the device.</summary>
    /// <param name="device">The device; its ids and class choose.</param>
    /// <returns>The map, or <see langword="null"/> where there is none for such a device.</returns>
    public static RegisterMap? OwnMap(DeviceIdentity device) => (device.VendorId, device.DeviceId) switch
    {
        (Intel, 0x10d3 or 0x10f6) => Intel82574Registers.Map,
        (EduRegisters.VendorId, EduRegisters.DeviceId) => EduRegisters.Map,
        (BochsRegisters.VendorId, BochsRegisters.DeviceId) => BochsRegisters.Map,
        _ => device.Class == PciClassCode.NvmExpress ? NvmeRegisters.Map : null,
    };

    /// <summary>The map of a device's configuration space, made of what is in it now.</summary>
    /// <param name="device">The device, which may be woken.</param>
    /// <returns>The map, or <see langword="null"/> where the kernel gives less than a header.</returns>
    public static RegisterMap? ConfigMap(PciDeviceInfo device)
    {
        Span<byte> bytes = stackalloc byte[PciConfigSpace.MaxLength];
        int length = device.ReadConfig(bytes);
        return length < PciConfigHeader.Length ? null : PciConfigSpace.Parse(bytes[..length]).ToRegisterMap();
    }

    /// <summary>The map of an open device's configuration space.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The map, or <see langword="null"/> where the kernel gives less than a header.</returns>
    /// <exception cref="VfioException">It cannot be read.</exception>
    public static RegisterMap? ConfigMap(VfioDevice device)
    {
        byte[] bytes = ReadConfig(device);
        return bytes.Length < PciConfigHeader.Length ? null : PciConfigSpace.Parse(bytes).ToRegisterMap();
    }

    /// <summary>The configuration space of an open device.</summary>
    /// <exception cref="VfioException">It cannot be read.</exception>
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

    /// <summary>Whether sysfs shows no more than the header of a device's configuration space, as it does to others than root.</summary>
    /// <param name="device">The device, which may be woken.</param>
    public static bool SeesHeaderOnly(PciDeviceInfo device)
    {
        Span<byte> bytes = stackalloc byte[PciConfigHeader.Length + 1];
        return device.ReadConfig(bytes) <= PciConfigHeader.Length;
    }
}
