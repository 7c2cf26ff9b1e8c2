using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Finds which class devices (network interfaces, disks and their partitions, framebuffers) belong to which PCI device:
/// one read of <c>/sys/class/NAME</c> is enough for the whole host, whatever is between them (virtio, USB, SCSI).
/// </summary>
internal sealed class ClassDevices
{
    private readonly Dictionary<PciAddress, List<string>> _names = [];

    public ClassDevices(HostRoot host, string className)
    {
        string folder = host.Combine($"sys/class/{className}");
        foreach (string name in SysfsFile.Names(folder))
        {
            foreach (PciAddress address in DevicePath.OwnersOf(Path.Combine(folder, name)))
            {
                Add(address, name);
            }
        }
    }

    /// <summary>Gets all devices of the class, with the PCI devices that they belong to.</summary>
    public IEnumerable<(PciAddress Address, string Name)> All =>
        _names.SelectMany(item => item.Value.Select(name => (item.Key, name)));

    /// <summary>Gets the names that belong to a device, sorted.</summary>
    public IReadOnlyList<string> On(PciAddress address) =>
        _names.TryGetValue(address, out List<string>? names) ? names : [];

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
