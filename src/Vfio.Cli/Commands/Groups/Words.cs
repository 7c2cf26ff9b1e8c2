using System.Globalization;

namespace Vfio.Cli;

/// <summary>Holds the texts of the page.</summary>
internal static class Words
{
    public const string Title = "PCI devices and IOMMU groups of this host";

    public const string Tree =
        "Each box is a device or a bridge. Lines lead from every box to the bridge above it, up to a root "
        + "bus, where PCI meets the processor and memory.";

    public const string Groups =
        "A frame is an IOMMU group. The IOMMU lets a device access only the memory that its owner allows, but "
        + "it cannot isolate the devices of one group from each other. That is why a "
        + "group is assigned to one owner as a whole: assign all of its devices to a program or a virtual machine, or "
        + "none.";

    public const string NoGroups =
        "This host has no IOMMU groups: no IOMMU is enabled. That is why there are no frames, and why no "
        + "device can be bound to VFIO: nothing would keep it from accessing all memory. Enable VT-d or "
        + "AMD-Vi in the firmware setup, and add intel_iommu=on to the kernel command line.";

    public const string NoDevices = "This host has no PCI devices.";

    public static IReadOnlyList<NodeState> States { get; } =
    [
        NodeState.CanBeTaken, NodeState.Taken, NodeState.Blocked, NodeState.InUse, NodeState.NoIommu, NodeState.Bridge,
    ];

    /// <summary>Gets the text of a state in a row.</summary>
    public static string Of(NodeState state) => state switch
    {
        NodeState.CanBeTaken => "can be bound",
        NodeState.Taken => "bound",
        NodeState.Blocked => "blocked",
        NodeState.InUse => "in use",
        NodeState.NoIommu => "cannot be bound: no IOMMU",
        NodeState.Bridge => "cannot be bound: bridge",
        _ => "",
    };

    /// <summary>Gets the text of a state in the legend.</summary>
    public static string Explain(NodeState state) => state switch
    {
        NodeState.CanBeTaken => "can be bound with vfio bind",
        NodeState.Taken => "bound to a VFIO driver",
        NodeState.Blocked => "blocked by another device of its group",
        NodeState.InUse => "in use by this host",
        NodeState.NoIommu => "cannot be bound: it has no IOMMU",
        NodeState.Bridge => "cannot be bound: the kernel keeps bridges",
        _ => "",
    };

    public static string Of(NodeKind kind) => kind switch
    {
        NodeKind.RootBus => "root bus",
        NodeKind.HostBridge => "host bridge",
        NodeKind.RootPort => "root port",
        NodeKind.SwitchUpstreamPort => "switch, upstream port",
        NodeKind.SwitchDownstreamPort => "switch, downstream port",
        NodeKind.ExpressToPciBridge => "PCI Express to PCI bridge",
        NodeKind.PciBridge => "PCI bridge",
        NodeKind.OtherBridge => "bridge",
        NodeKind.VirtualFunction => "virtual function",
        _ => "endpoint",
    };

    /// <summary>Summarizes the tree: <c>25 devices in 18 IOMMU groups: 2 bound, 4 in use, …</c>.</summary>
    public static string Summarize(HostTree tree)
    {
        if (tree.DeviceCount == 0)
        {
            return NoDevices;
        }

        IEnumerable<string> states = States
            .Select(state => (
                State: state, Count: tree.Nodes.Where(node => node.State == state).Sum(node => node.Devices.Count)))
            .Where(item => item.Count != 0)
            .Select(item => $"{Number(item.Count)} {Of(item.State)}");
        string groups = tree.GroupSizes.Count == 0 ? "" : $" in {Count(tree.GroupSizes.Count, "IOMMU group")}";
        return $"{Count(tree.DeviceCount, "device")}{groups}: {string.Join(", ", states)}.";
    }

    /// <summary>Describes a link in one line.</summary>
    public static string Of(NodeLink link) =>
        string.Join(", ", ((string[])[link.Text, link.Detail]).Where(text => text.Length != 0));

    public static string Count(int count, string what) => $"{Number(count)} {what}{(count == 1 ? "" : "s")}";

    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
