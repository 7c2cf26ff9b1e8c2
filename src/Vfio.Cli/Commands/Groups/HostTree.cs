using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// A host's PCI devices as a tree, in the order in which a person reads it: a bridge, then what is below it. Each device is in it
/// exactly once, whatever sysfs says.
/// </summary>
internal sealed class HostTree
{
    private HostTree(IReadOnlyList<TreeNode> nodes, IReadOnlyDictionary<int, int> groupSizes)
    {
        Nodes = nodes;
        GroupSizes = groupSizes;
    }

    public IReadOnlyList<TreeNode> Nodes { get; }

    /// <summary>How many PCI devices each group has.</summary>
    public IReadOnlyDictionary<int, int> GroupSizes { get; }

    public int DeviceCount => Nodes.Sum(node => node.Devices.Count);

    public static HostTree Read(CliHost host)
    {
        HostDevices devices = new(host);
        NodeWriter writer = new(devices, new DeviceStates(host.Root, devices), new DeviceNames(host));
        List<TreeNode> nodes = [];
        HashSet<PciAddress> drawn = [];
        foreach (IGrouping<string, PlacedDevice> bus in devices.All.Where(device => device.Parent is null).GroupBy(device => device.RootBus))
        {
            nodes.Add(NodeWriter.RootBus(bus.Key));
            Add(bus, nodes.Count - 1);
        }

        // What sysfs puts below itself, in a ring, is below no root: it is shown all the same.
        foreach (PlacedDevice device in devices.All.Where(device => !drawn.Contains(device.Address)))
        {
            if (!drawn.Contains(device.Address))
            {
                nodes.Add(NodeWriter.RootBus(device.RootBus));
                Add([device], nodes.Count - 1);
            }
        }

        return new HostTree(nodes, devices.All.Where(device => device.Info.IommuGroup is not null)
            .GroupBy(device => device.Info.IommuGroup!.Value).ToDictionary(group => group.Key, group => group.Count()));

        // With a stack of its own: how deep a tree is, is what sysfs says.
        void Add(IEnumerable<PlacedDevice> tops, int root)
        {
            Stack<(PlacedDevice[] Row, int Parent)> open = new();
            Push(tops, root);
            while (open.TryPop(out (PlacedDevice[] Row, int Parent) next))
            {
                PlacedDevice[] row = [.. next.Row.Where(device => drawn.Add(device.Address))];
                if (row.Length == 0)
                {
                    continue;
                }

                nodes.Add(writer.Make(row, next.Parent, nodes[next.Parent]));
                int index = nodes.Count - 1;
                Push(row.SelectMany(device => devices.Below(device.Address)), index);
            }

            void Push(IEnumerable<PlacedDevice> below, int parent)
            {
                foreach (PlacedDevice[] row in writer.Fold(below).Reverse())
                {
                    open.Push((row, parent));
                }
            }
        }
    }
}
