namespace Vfio.Cli;

/// <summary>Writes the devices as a table, which is easy to search, copy and compare.</summary>
internal static class HtmlTable
{
    private static readonly string[] Heads =
        ["Device", "Name", "Kind", "Driver", "Link to its parent", "Can it be bound?", "IOMMU group"];

    public static void Write(HtmlWriter html, HostTree tree)
    {
        html.Start("details").Element("summary", "The same as a table").Start("div", "wide");
        html.Start("table").Start("thead").Start("tr");
        foreach (string head in Heads)
        {
            html.Start("th").With("scope", "col").Text(head).End(newLine: false);
        }

        html.End(2).Start("tbody");
        foreach (TreeNode node in tree.Nodes.Where(node => node.Devices.Count != 0))
        {
            html.Start("tr");
            foreach (string cell in (string[])
            [
                node.Heading, node.Name, node.Detail, node.Driver ?? "none", Words.Of(node.Link),
                $"{Words.Of(node.State)}: {node.StateDetail}", GroupOf(node),
            ])
            {
                html.Element("td", cell);
            }

            html.End();
        }

        html.End(4);
    }

    private static string GroupOf(TreeNode node) =>
        node.Group is int group ? Words.Number(group)
        : node.OwnGroups.Count != 0 ? string.Join(", ", node.OwnGroups.Select(Words.Number))
        : "none";
}
