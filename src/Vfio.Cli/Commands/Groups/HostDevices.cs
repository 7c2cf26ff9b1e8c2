using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Holds the devices of a host and their places in the tree.</summary>
internal sealed class HostDevices
{
    private readonly Dictionary<PciAddress, PlacedDevice> _byAddress = [];
    private readonly ILookup<PciAddress, PlacedDevice> _below;

    public HostDevices(CliHost host)
    {
        PciBus bus = new(host.Root);
        IReadOnlyList<PciDeviceInfo> infos = bus.GetDevices();
        Dictionary<PciAddress, PciAddress?> physical = infos.ToDictionary(
            info => info.Address, info => info.GetPhysicalFunction());
        foreach (PciDeviceInfo info in infos)
        {
            // A virtual function cannot have virtual functions; accepting that could create a cycle.
            PciAddress? owner = physical[info.Address] is PciAddress function
                && physical.TryGetValue(function, out PciAddress? above)
                && above is null
                ? function
                : null;
            PciAddress? parent = owner ?? info.GetParent();
            string rootBus = info.GetRootBus()
                ?? string.Create(CultureInfo.InvariantCulture, $"{info.Address.Domain:x4}:{info.Address.Bus:x2}");
            _byAddress[info.Address] = new PlacedDevice(
                info,
                parent is PciAddress known && physical.ContainsKey(known) ? parent : null,
                rootBus,
                owner is not null,
                info.GetLink());
        }

        All = [.. infos.Select(info => _byAddress[info.Address])];
        _below = All.Where(device => device.Parent is not null).ToLookup(device => device.Parent!.Value);
        Groups = bus.GetGroups().ToDictionary(group => group.Number);
    }

    /// <summary>Gets all devices, by address.</summary>
    public IReadOnlyList<PlacedDevice> All { get; }

    public IReadOnlyDictionary<int, IommuGroup> Groups { get; }

    /// <summary>Returns the devices directly below a device, by address.</summary>
    public IEnumerable<PlacedDevice> Below(PciAddress address) => _below[address];

    public PlacedDevice? Find(PciAddress? address) =>
        address is PciAddress known ? _byAddress.GetValueOrDefault(known) : null;
}
