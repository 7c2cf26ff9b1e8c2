using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary>The content of the tree, on the hosts of <see cref="PictureHosts"/>.</summary>
public sealed class HostTreeTests
{
    public static TheoryData<string> Hosts => [.. PictureHosts.Names];

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Every_device_is_in_the_tree_once(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        IEnumerable<PciAddress> shown = Read(host).Nodes
            .SelectMany(node => node.Devices).Select(device => device.Address);
        Assert.Equal(new PciBus(host.Root).GetDevices().Select(device => device.Address), shown.Order());
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void What_is_below_a_row_follows_it(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        HostTree tree = Read(host);
        for (int row = 0; row < tree.Nodes.Count; row++)
        {
            int[] below = [.. Enumerable.Range(0, tree.Nodes.Count).Where(other => IsBelow(tree, other, row))];
            Assert.Equal(Enumerable.Range(row + 1, tree.LastRows[row] - row), below);
        }
    }

    [Theory]
    [InlineData("0000:00:10.0", NodeKind.RootPort)]
    [InlineData("0000:00:14.0", NodeKind.RootPort)]
    [InlineData("0000:00:1c.0", NodeKind.ExpressToPciBridge)]
    [InlineData("0000:00:1f.0", NodeKind.OtherBridge)]
    [InlineData("0000:00:00.0", NodeKind.HostBridge)]
    [InlineData("0000:01:10.2", NodeKind.VirtualFunction)]
    [InlineData("0000:01:00.0", NodeKind.Endpoint)]
    internal void Kinds_are_distinguished(string address, NodeKind kind) =>
        Assert.Equal(kind, NodeOf("machine", address).Kind);

    [Theory]
    [InlineData("machine", "0000:00:03.0", NodeState.Taken, "it has a VFIO driver")]
    [InlineData("machine", "0000:00:04.0", NodeState.CanBeTaken, "it has no driver")]
    [InlineData("machine", "0000:00:09.0", NodeState.CanBeTaken, "from e1000e")]
    [InlineData("machine", "0000:00:06.0", NodeState.InUse, "its disk nvme0n1 is mounted on /srv")]
    [InlineData("machine", "0000:00:01.0", NodeState.InUse, "it is the boot display")]
    [InlineData("machine", "0000:03:01.0", NodeState.Blocked, "by 0000:03:02.0 (virtio-pci)")]
    [InlineData("machine", "0000:00:1c.0", NodeState.Bridge, "the kernel keeps it")]
    [InlineData("no-iommu", "0000:01:00.0", NodeState.NoIommu, "it has no IOMMU")]
    internal void States_have_a_reason(string host, string address, NodeState state, string detail)
    {
        TreeNode node = NodeOf(host, address);
        Assert.Equal((state, detail), (node.State, node.StateDetail));
    }

    [Theory]
    [InlineData("laptop", "0000:03:00.0", "8 GT/s x2", "supports 8 GT/s x4", true)]
    // The port supports more than the card.
    [InlineData("machine", "0000:01:00.0", "2.5 GT/s x1", "its full speed", false)]
    [InlineData("machine", "0000:00:14.0", "", "built in", false)]
    [InlineData("machine", "0000:03:01.0", "", "conventional PCI", false)]
    [InlineData("machine", "0000:01:10.0", "", "the link of its physical function", false)]
    public void A_link_below_its_maximum_is_marked(
        string host, string address, string text, string detail, bool isSlow)
    {
        NodeLink link = NodeOf(host, address).Link;
        Assert.Equal((text, detail, isSlow), (link.Text, link.Detail, link.IsSlow));
    }

    [Fact]
    public void Many_virtual_functions_that_are_alike_are_one_row()
    {
        using FakeHost host = PictureHosts.Make("functions");
        TreeNode[] folded = [.. Read(host).Nodes.Where(node => node.Kind is NodeKind.VirtualFunction)];
        Assert.Equal(["125 virtual functions", "3 virtual functions"], folded.Select(node => node.Heading));
        Assert.Equal([NodeState.CanBeTaken, NodeState.Taken], folded.Select(node => node.State));
        Assert.Equal(128, folded.SelectMany(node => node.OwnGroups).Distinct().Count());
    }

    internal static HostTree Read(FakeHost host)
    {
        using StringWriter nothing = new();
        return HostTree.Read(Tool.MakeHost(host.Root, Tool.Narrow, nothing, nothing));
    }

    private static bool IsBelow(HostTree tree, int row, int top)
    {
        for (row = tree.Nodes[row].Parent; row >= 0; row = tree.Nodes[row].Parent)
        {
            if (row == top)
            {
                return true;
            }
        }

        return false;
    }

    private static TreeNode NodeOf(string name, string address)
    {
        using FakeHost host = PictureHosts.Make(name);
        return Read(host).Nodes.Single(node => node.Heading == address);
    }
}
