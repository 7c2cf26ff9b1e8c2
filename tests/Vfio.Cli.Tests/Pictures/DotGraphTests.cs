namespace Vfio.Cli.Tests;

/// <summary>The graph of <c>vfio groups --dot</c>, on every host of <see cref="PictureHosts"/>.</summary>
public sealed class DotGraphTests
{
    public static TheoryData<string> Hosts => HostTreeTests.Hosts;

    [Fact]
    public void A_small_host_as_dot()
    {
        using FakeHost host = PictureHosts.Make("laptop");
        Approved.Matches("groups-dot", Tool.Run(host, "groups", "--dot", "-").Succeeded().Output);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void The_graph_is_the_tree(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        HostTree tree = HostTreeTests.Read(host);
        DotText graph = Draw(host);
        string[] ids = [.. tree.Nodes.Select((node, row) =>
            node.Devices.Count == 0 ? $"root_bus_{row}" : node.Devices[0].Address.ToString())];
        Assert.Equal(ids.Order(StringComparer.Ordinal), graph.Nodes.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            tree.Nodes.Zip(ids).Where(item => item.First.Parent >= 0)
                .Select(item => (ids[item.First.Parent], item.Second, LabelOf(item.First.Link))),
            graph.Edges);
        foreach ((TreeNode node, string id) in tree.Nodes.Zip(ids))
        {
            string[] lines = graph.Nodes[id].Split('\n');
            string[] facts = node.Devices.Count == 0
                ? [node.Detail]
                : [node.Name, node.Detail, $"driver: {node.Driver ?? "none"}",
                    $"{Words.Of(node.State)}: {node.StateDetail}"];
            Assert.Equal([node.Heading, .. facts.Where(fact => fact.Length != 0).Select(Page.Shown)], lines);
            Assert.Equal(
                node.Group is int group ? $"cluster_group_{group}"
                    : node.OwnGroups.Count != 0 ? $"cluster_row_{Array.IndexOf(ids, id)}"
                    : null,
                graph.Clusters.GetValueOrDefault(id));
        }
    }

    [Fact]
    public void Untrusted_names_are_text()
    {
        using FakeHost host = FakeHost.Typical();
        const string Evil = "a\"];}\\N\\\" -> b &lt; &#10;<b>\n// /* # \\";
        FakeDevice device = new("0000:07:00.0", 0x8086, 0x10d3, "020000") { Group = 40 };
        host.Add(device);
        host.WriteIdentity(device.Address, device with { Driver = Evil.Replace("/", "", StringComparison.Ordinal) });
        string label = Draw(host).Nodes["0000:07:00.0"];
        Assert.Contains("driver: a\"];}\\N\\\" -> b &lt; &#10;<b>? * # \\\n", label, StringComparison.Ordinal);
    }

    private static DotText Draw(FakeHost host) =>
        DotText.Parse(Tool.Run(host, "groups", "--dot", "-").Succeeded().Output);

    private static string LabelOf(NodeLink link) =>
        string.Join('\n', ((string[])[link.Text, link.Detail]).Where(text => text.Length != 0));
}
