namespace Vfio.Sysfs;

/// <summary>
/// Which class devices (network interfaces, disks and their partitions, framebuffers) stand on which PCI device: one look at
/// <c>/sys/class/NAME</c> answers it for the whole host, whatever is between them (virtio, USB, SCSI).
/// </summary>
internal sealed class ClassDevices
{
    private readonly Dictionary<PciAddress, List<string>> _names = [];

    public ClassDevices(HostRoot host, string className)
    {
        string folder = host.Combine($"sys/class/{className}");
        foreach (string name in SysfsFile.Names(folder))
        {
            if (SysfsFile.ReadLink(Path.Combine(folder, name)) is not string link)
            {
                continue;
            }

            string path = Path.GetFullPath(Path.Combine(folder, link));
            foreach (PciAddress address in Ancestors(path))
            {
                Add(address, name);
            }
        }
    }

    /// <summary>The names on a device, sorted.</summary>
    public IReadOnlyList<string> On(PciAddress address) => _names.TryGetValue(address, out List<string>? names) ? names : [];

    private static IEnumerable<PciAddress> Ancestors(string path)
    {
        string[] parts = path.Split('/');
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            // The nearest one: what stands above it is a bridge, and bridges are never taken.
            if (PciAddress.TryParse(parts[i], out PciAddress address))
            {
                return [address];
            }

            // With native multipath a namespace stands on a virtual subsystem, whose folder links to its controllers.
            if (parts[i].StartsWith("nvme-subsys", StringComparison.Ordinal))
            {
                return ControllersOf(string.Join('/', parts[..(i + 1)]));
            }
        }

        return [];
    }

    private static IEnumerable<PciAddress> ControllersOf(string subsystem)
    {
        foreach (string name in SysfsFile.Names(subsystem))
        {
            if (SysfsFile.ReadLink(Path.Combine(subsystem, name)) is string link)
            {
                foreach (string part in Enumerable.Reverse(link.Split('/')))
                {
                    if (PciAddress.TryParse(part, out PciAddress address))
                    {
                        yield return address;
                        break;
                    }
                }
            }
        }
    }

    private void Add(PciAddress address, string name)
    {
        if (!_names.TryGetValue(address, out List<string>? names))
        {
            _names[address] = names = [];
        }

        if (!names.Contains(name))
        {
            names.Add(name);
        }
    }
}
