using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Finds the PCI devices below another, by the paths in <c>/sys/devices</c>. The device above is usually a bridge, but
/// an Intel VMD is not one, and has a whole PCI domain behind it.
/// </summary>
internal sealed class DevicesBelow
{
    private readonly ILookup<PciAddress, PciAddress> _below;

    public DevicesBelow(HostRoot host)
    {
        string folder = host.Combine("sys/bus/pci/devices");
        _below = SysfsFile.Names(folder)
            .SelectMany(name => Pairs(SysfsFile.ReadLink(Path.Combine(folder, name))))
            .ToLookup(pair => pair.Above, pair => pair.Below);
    }

    /// <summary>Gets every device below another, at any depth, by address.</summary>
    public IEnumerable<PciAddress> Of(PciAddress device) => _below[device].Order();

    // "../../../devices/pci0000:17/0000:17:05.5/pci10000:00/10000:00:02.0/10000:01:00.0"
    private static IEnumerable<(PciAddress Above, PciAddress Below)> Pairs(string? path)
    {
        List<PciAddress> addresses = [.. (path ?? "")
            .Split('/')
            .Select(part => PciAddress.TryParse(part, out PciAddress address) ? address : (PciAddress?)null)
            .OfType<PciAddress>()];
        return addresses.Count < 2 ? [] : addresses[..^1].Select(above => (above, addresses[^1]));
    }
}
