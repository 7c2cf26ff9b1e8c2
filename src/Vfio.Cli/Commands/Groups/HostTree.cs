using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Represents the PCI devices of a host as a tree in reading order: each bridge is followed by the devices below it.
/// Each device is in the tree exactly once, even if sysfs is inconsistent.
/// </summary>
internal sealed class HostTree
{
    private HostTree(IReadOnlyList<TreeNode> nodes, IReadOnlyDictionary<int, int> groupSizes)
    {
        Nodes = nodes;
        GroupSizes = groupSizes;
        LastRows = FindLastRows(nodes);
    }

    public IReadOnlyList<TreeNode> Nodes { get; }

    /// <summary>Gets for each row the last row that is below it, or the row itself if none is.</summary>
    public IReadOnlyList<int> LastRows { get; }

    /// <summary>Gets the number of PCI devices in each group.</summary>
    public IReadOnlyDictionary<int, int> GroupSizes { get; }

    public int DeviceCount => Nodes.Sum(node => node.Devices.Count);

    public static HostTree Read(CliHost host)
    {
        HostDevices devices = new(host);
        DeviceStates states = new(host.Root, devices);
        Builder builder = new(devices, new NodeWriter(devices, states, new DeviceNames(host)));
        foreach (IGrouping<string, PlacedDevice> bus in devices.All
            .Where(device => device.Parent is null).GroupBy(device => device.RootBus))
        {
            builder.Add(bus.Key, bus);
        }

        // Devices that sysfs places in a cycle are below no root. They are shown anyway.
        foreach (PlacedDevice device in devices.All.Where(device => !builder.Drawn.Contains(device.Address)))
        {
            if (!builder.Drawn.Contains(device.Address))
            {
                builder.Add(device.RootBus, [device]);
            }
        }

        return new HostTree(builder.Nodes, devices.All.Where(device => device.Info.IommuGroup is not null)
            .GroupBy(device => device.Info.IommuGroup!.Value).ToDictionary(group => group.Key, group => group.Count()));
    }

    // Each row comes after its parent, so one pass from the end is enough.
    private static int[] FindLastRows(IReadOnlyList<TreeNode> nodes)
    {
        int[] last = [.. Enumerable.Range(0, nodes.Count)];
        for (int row = nodes.Count - 1; row >= 0; row--)
        {
            if (nodes[row].Parent is int parent and >= 0)
            {
                last[parent] = Math.Max(last[parent], last[row]);
            }
        }

        return last;
    }

    private sealed class Builder(HostDevices devices, NodeWriter writer)
    {
        public List<TreeNode> Nodes { get; } = [];

        public HashSet<PciAddress> Drawn { get; } = [];

        // Uses an explicit stack, because sysfs decides how deep the tree is.
        public void Add(string rootBus, IEnumerable<PlacedDevice> tops)
        {
            Nodes.Add(NodeWriter.RootBus(rootBus));
            Stack<(PlacedDevice[] Row, int Parent)> open = new();
            Push(open, tops, Nodes.Count - 1);
            while (open.TryPop(out (PlacedDevice[] Row, int Parent) next))
            {
                PlacedDevice[] row = [.. next.Row.Where(device => Drawn.Add(device.Address))];
                if (row.Length != 0)
                {
                    Nodes.Add(writer.Make(row, next.Parent, Nodes[next.Parent]));
                    Push(open, row.SelectMany(device => devices.Below(device.Address)), Nodes.Count - 1);
                }
            }
        }

        private void Push(Stack<(PlacedDevice[] Row, int Parent)> open, IEnumerable<PlacedDevice> below, int parent)
        {
            foreach (PlacedDevice[] row in writer.Fold(below).Reverse())
            {
                open.Push((row, parent));
            }
        }
    }
}
