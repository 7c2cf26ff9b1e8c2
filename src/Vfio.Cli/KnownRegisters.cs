namespace Vfio.Cli;

/// <summary>The register maps of a device: what its registers are called, where that is known.</summary>
internal static class KnownRegisters
{
    /// <summary>The maps for a device, its own regions first, configuration space last.</summary>
    /// <param name="device">The device; its ids and class choose.</param>
    /// <returns>The maps; there is at most one for each region.</returns>
    public static IReadOnlyList<RegisterMap> For(PciDeviceInfo device)
    {
        _ = device;
        return [];
    }
}
