using Vfio.Pci;

namespace Vfio;

/// <summary>Finds PCI devices in the paths of <c>/sys/devices</c>, which contain all devices above a device.</summary>
internal static class DevicePath
{
    private const string NvmeSubsystem = "nvme-subsys";

    /// <summary>
    /// Gets the nearest PCI device in a path. The devices above it are bridges, which are never bound.
    /// </summary>
    public static PciAddress? Nearest(string path)
    {
        for (ReadOnlySpan<char> rest = path; !rest.IsEmpty;)
        {
            int slash = rest.LastIndexOf('/');
            if (PciAddress.TryParse(rest[(slash + 1)..], out PciAddress address))
            {
                return address;
            }

            rest = rest[..Math.Max(slash, 0)];
        }

        return null;
    }

    /// <summary>
    /// Finds the PCI devices that a class device belongs to: one, or with native NVMe multipath one for each path.
    /// </summary>
    /// <param name="link">The path of the link in <c>/sys/class/NAME</c>.</param>
    public static IReadOnlyList<PciAddress> OwnersOf(string link)
    {
        if (SysfsFile.ReadLink(link) is not string target)
        {
            return [];
        }

        string path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(link) ?? "/", target));
        if (Nearest(path) is PciAddress address)
        {
            return [address];
        }

        // With native multipath, a namespace belongs to a virtual subsystem, whose folder has links to its controllers.
        string[] parts = path.Split('/');
        int subsystem = Array.FindLastIndex(parts, part => part.StartsWith(NvmeSubsystem, StringComparison.Ordinal));
        return subsystem < 0 ? [] : ControllersOf(string.Join('/', parts[..(subsystem + 1)]));
    }

    private static List<PciAddress> ControllersOf(string subsystem) =>
        [.. SysfsFile.Names(subsystem)
            .Select(name => SysfsFile.ReadLink(Path.Combine(subsystem, name)) is string link ? Nearest(link) : null)
            .OfType<PciAddress>()
            .Distinct()];
}
