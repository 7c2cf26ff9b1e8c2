using System.Globalization;

namespace Vfio.Cli;

/// <summary>What the page says in words.</summary>
internal static class Words
{
    public const string Title = "PCI devices and IOMMU groups of this host";

    public const string Tree =
        "Each box is a device or a bridge. Lines lead from every box to the bridge above it, up to a root "
        + "bus, where PCI meets the processor and memory.";

    public const string Groups =
        "A frame is an IOMMU group. The IOMMU lets a device reach only the memory that its owner allows, but "
        + "it cannot keep the devices of one group apart: they could reach each other directly. That is why a "
        + "group goes to one owner as a whole: give all of its devices to a program or a virtual machine, or "
        + "none.";

    public const string NoGroups =
        "This host has no IOMMU groups: no IOMMU is enabled. That is why there are no frames, and why no "
        + "device can be given to a program: nothing would keep it from the rest of memory. Enable VT-d or "
        + "AMD-Vi in the firmware's setup, and add intel_iommu=on to the kernel's command line.";

    public const string NoDevices = "This host has no PCI devices.";

    public static IReadOnlyList<NodeState> States { get; } =
    [
        NodeState.CanBeTaken, NodeState.Taken, NodeState.Blocked, NodeState.InUse, NodeState.NoIommu, NodeState.Bridge,
    ];

    /// <summary>The state as a row says it.</summary>
    public static string Of(NodeState state) => state switch
    {
        NodeState.CanBeTaken => "can be taken",
        NodeState.Taken => "taken",
        NodeState.Blocked => "blocked",
        NodeState.InUse => "in use",
        NodeState.NoIommu => "not takeable: no IOMMU",
        NodeState.Bridge => "not takeable: bridge",
        _ => "",
    };

    /// <summary>The state as the legend explains it.</summary>
    public static string Explain(NodeState state) => state switch
    {
        NodeState.CanBeTaken => "can be taken: vfio bind would take it",
        NodeState.Taken => "taken: VFIO has it",
        NodeState.Blocked => "blocked by another device of its group",
        NodeState.InUse => "in use by this host",
        NodeState.NoIommu => "not takeable: no IOMMU before it",
        NodeState.Bridge => "not takeable: bridges stay with the kernel",
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

    /// <summary>How many of what: <c>25 devices in 18 IOMMU groups: 2 taken, 4 in use, …</c>.</summary>
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

    /// <summary>A link in one line.</summary>
    public static string Of(NodeLink link) =>
        string.Join(", ", ((string[])[link.Text, link.Detail]).Where(text => text.Length != 0));

    public static string Count(int count, string what) => $"{Number(count)} {what}{(count == 1 ? "" : "s")}";

    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
