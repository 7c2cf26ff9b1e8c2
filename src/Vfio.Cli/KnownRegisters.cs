using Vfio.Drivers.Net;
using Vfio.Emulation;

namespace Vfio.Cli;

/// <summary>The register maps of a device: what its registers are called, where that is known.</summary>
internal static class KnownRegisters
{
    private const ushort Intel = 0x8086;

    /// <summary>The maps for a device, its own regions first, configuration space last.</summary>
    /// <param name="device">The device; its ids and class choose. Its configuration space is read, which may wake it.</param>
    /// <returns>The maps; there is at most one for each region.</returns>
    public static IReadOnlyList<RegisterMap> For(PciDeviceInfo device) =>
        [.. new[] { OwnMap(device), ConfigMap(device) }.OfType<RegisterMap>()];

    /// <summary>The map of a device's own registers. Reads nothing from the device.</summary>
    /// <param name="device">The device; its ids and class choose.</param>
    /// <returns>The map, or <see langword="null"/> where there is none for such a device.</returns>
    public static RegisterMap? OwnMap(PciDeviceInfo device) => (device.VendorId, device.DeviceId) switch
    {
        (Intel, 0x10d3 or 0x10f6) => Intel82574Registers.Map,
        (EduRegisters.VendorId, EduRegisters.DeviceId) => EduRegisters.Map,
        _ => null,
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
}
