using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Creates the rows of the tree. Text from devices and from sysfs is sanitized and limited in length.
/// </summary>
internal sealed class NodeWriter(HostDevices devices, DeviceStates states, DeviceNames names)
{
    /// <summary>The number of virtual functions of one device above which those that are alike share a row.</summary>
    public const int MostVirtualFunctions = 8;

    private const int MostColumns = 200;
    private const int MostDriverColumns = 60;

    public static TreeNode RootBus(string bus) => new()
    {
        Kind = NodeKind.RootBus,
        Depth = 0,
        Parent = -1,
        Devices = [],
        Heading = $"Root bus {bus}",
        Detail = "where PCI meets the processor and memory",
    };

    /// <summary>
    /// Divides devices into rows: virtual functions that are alike share a row, and every other device has its own.
    /// </summary>
    public IEnumerable<PlacedDevice[]> Fold(IEnumerable<PlacedDevice> below)
    {
        PlacedDevice[] all = [.. below];
        if (all.Count(device => device.IsVirtual) <= MostVirtualFunctions)
        {
            return all.Select(device => (PlacedDevice[])[device]);
        }

        return all.GroupBy(Alike)
            .Select(row => row.ToArray())
            .OrderBy(row => row[0].Address);
    }

    public TreeNode Make(IReadOnlyList<PlacedDevice> row, int parentIndex, TreeNode parent)
    {
        PlacedDevice first = row[0];
        NodeKind kind = PortKinds.Judge(devices, first, parent.Kind);
        (NodeState state, string detail) = states.Judge(first.Info);
        return new TreeNode
        {
            Kind = kind,
            Depth = parent.Depth + 1,
            Parent = parentIndex,
            Devices = [.. row.Select(device => device.Info)],
            Heading = row.Count == 1
                ? first.Address.ToString()
                : string.Create(CultureInfo.InvariantCulture, $"{row.Count} virtual functions"),
            Name = Clean(names.Describe(DeviceIdentity.Of(first.Info), isBrief: true), MostColumns),
            Detail = row.Count == 1 ? Describe(first.Info, kind) : $"{first.Address} to {row[^1].Address}, alike",
            Link = FindLink(first, kind, parent.Kind),
            State = state,
            StateDetail = detail,
            Driver = first.Info.Driver is string driver ? Clean(driver, MostDriverColumns) : null,
            Group = row.Count == 1 || GroupKey(first) is not null ? first.Info.IommuGroup : null,
            OwnGroups = row.Count == 1 || GroupKey(first) is not null
                ? []
                : [.. row.Select(device => device.Info.IommuGroup).OfType<int>()],
        };
    }

    private static string Clean(string text, int columns) => Printable.Shorten(Printable.Clean(text), columns);

    // A device that is not a virtual function never shares a row.
    private (PciAddress Own, string? Driver, int? Group, NodeState State, string Detail) Alike(PlacedDevice device)
    {
        if (!device.IsVirtual)
        {
            return (device.Address, null, null, NodeState.None, "");
        }

        (NodeState state, string detail) = states.Judge(device.Info);
        return (default, device.Info.Driver, GroupKey(device), state, detail);
    }

    // Virtual functions that share an IOMMU group share no row with virtual functions that have their own group.
    private int? GroupKey(PlacedDevice device) =>
        device.Info.IommuGroup is int group
        && devices.Groups.TryGetValue(group, out IommuGroup? known)
        && known.Devices.Count > 1
            ? group
            : null;

    private string Describe(PciDeviceInfo device, NodeKind kind)
    {
        string type = Clean(
            names.Class(DeviceIdentity.Of(device)) ?? $"class {DeviceNames.ClassWord(device.Class)}", MostColumns);
        string? part = kind switch
        {
            NodeKind.RootPort => "root port",
            NodeKind.SwitchUpstreamPort => "switch, upstream port",
            NodeKind.SwitchDownstreamPort => "switch, downstream port",
            NodeKind.ExpressToPciBridge => "PCI Express to PCI bridge",
            NodeKind.PciBridge => "PCI bridge",
            NodeKind.VirtualFunction => "virtual function",
            _ => null,
        };
        string what = kind is NodeKind.VirtualFunction ? $"{part}, {type}" : part ?? type;
        string[] uses = [.. states.Names(device.Address).Select(name => Clean(name, 20)).Take(8)];
        return uses.Length == 0 ? what : $"{what}: {string.Join(", ", uses)}";
    }

    private NodeLink FindLink(PlacedDevice device, NodeKind kind, NodeKind above) => above switch
    {
        _ when kind is NodeKind.VirtualFunction => NodeLink.None("the link of its physical function"),
        NodeKind.RootBus => NodeLink.None("built in"),
        NodeKind.RootPort or NodeKind.SwitchDownstreamPort =>
            NodeLink.Between(devices.Find(device.Parent)?.Link, device.Link),
        NodeKind.SwitchUpstreamPort => NodeLink.None("inside the switch"),
        NodeKind.ExpressToPciBridge or NodeKind.PciBridge => NodeLink.None("conventional PCI"),
        _ => NodeLink.Between(null, device.Link),
    };
}
