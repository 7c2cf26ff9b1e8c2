using Vfio.Pci;

namespace Vfio;

/// <summary>Finds out from configuration space why a device's memory does not answer.</summary>
internal static class MemoryDecoding
{
    // PCI Bus Power Management Interface Specification 1.2, section 3.2.4.
    private const ulong PowerManagementControl = 4;
    private const int PowerStateMask = 3;
    private const int D3Hot = 3;

    /// <returns>The reason as the end of a sentence; null if the device decodes its memory.</returns>
    public static string? WhyOff(IDeviceBackend backend)
    {
        RegionInfo config = backend.GetRegionInfo(RegionIndex.Config);
        return !config.IsImplemented ? null
            : ((PciCommand)backend.ReadUInt16(config, DeviceConfig.Command) & PciCommand.MemorySpace) == 0
                ? "its memory decoding is off (config+4, bit 1)"
            : backend.FindPowerManagement(config) is ulong place
                && (backend.ReadUInt16(config, place + PowerManagementControl) & PowerStateMask) == D3Hot
                ? "it is suspended (D3hot)"
            : null;
    }
}
