using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Explains why VFIO does not offer a region although the device has a register for it.</summary>
internal static class MissingRegion
{
    /// <summary>Explains it from what sysfs shows about the device.</summary>
    /// <param name="root">The host.</param>
    /// <param name="address">The device.</param>
    /// <param name="index">The region, which VFIO reports as not implemented.</param>
    /// <returns>The error; <see langword="null"/> if the device does not implement the region.</returns>
    public static VfioException? Explain(HostRoot root, PciAddress address, RegionIndex index)
    {
        if (new PciBus(root).Find(address) is not PciDeviceInfo device)
        {
            return null;
        }

        string subject = $"{new Place(index, 0).RegionName} of {address}";
        IReadOnlyList<PciResource> resources = device.GetDetails().Resources;
        if (index == RegionIndex.Rom)
        {
            return resources.Any(resource => resource.Role == PciResourceRole.Rom)
                ? new VfioException(
                    "open",
                    subject,
                    "its image has no valid signature (55 aa), so VFIO does not give access to it",
                    $"vfio show {address} shows its size; a ROM that is not programmed is normal")
                : null;
        }

        Span<byte> config = stackalloc byte[PciConfigHeader.Length];
        return PciConfigHeader.TryParse(config[..device.ReadConfig(config)], out PciConfigHeader? header)
            && PciResource.FindUnassigned(header, resources).Any(resource => resource.Number == (int)index)
            ? new VfioException(
                "open",
                subject,
                "it has no address: the kernel found no space for it",
                $"vfio doctor {address} tells how to make space")
            : null;
    }
}
