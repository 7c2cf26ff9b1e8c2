using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Writes a host's devices and groups for Graphviz: a directed graph of the tree, with each IOMMU group as a cluster.
/// </summary>
internal static class DotGraph
{
    /// <summary>Writes a DOT file.</summary>
    public static void Write(TextWriter output, HostTree tree)
    {
        output.Write("digraph vfio {\n");
        output.Write($"  label={Quote(Words.Title, Words.Summarize(tree))};\n  labelloc=t;\n  rankdir=LR;\n");
        output.Write(
            "  node [shape=box, style=filled, fillcolor=\"#ffffff\", fontname=\"sans-serif\", fontsize=10];\n");
        output.Write("  edge [dir=none, fontname=\"sans-serif\", fontsize=9];\n");
        WriteNodes(output, tree);
        for (int row = 0; row < tree.Nodes.Count; row++)
        {
            TreeNode node = tree.Nodes[row];
            if (node.Parent >= 0)
            {
                output.Write($"  {Id(tree, node.Parent)} -> {Id(tree, row)} [{Line(node)}];\n");
            }
        }

        output.Write("}\n");
    }

    private static void WriteNodes(TextWriter output, HostTree tree)
    {
        GroupFrames frames = new(tree);
        foreach (int row in Enumerable.Range(0, tree.Nodes.Count).Where(row => frames.Around(row) is null))
        {
            WriteNode(output, "  ", tree, row);
        }

        // The frames of a folded row do not belong to one group: each becomes its own cluster.
        foreach (IGrouping<(int? Group, int Row), GroupFrame> parts in frames.All
            .GroupBy(frame => (frame.Group, frame.Group is null ? frame.FirstRow : 0)))
        {
            GroupFrame first = parts.First();
            (string name, string label) = first.Group is int group
                ? ($"group_{Words.Number(group)}", $"IOMMU group {Words.Number(group)}")
                : ($"row_{Words.Number(first.FirstRow)}", $"{first.Label}: {first.Detail}");
            output.Write($"  subgraph cluster_{name} {{\n    label={Quote(label)};\n    style=\"rounded,filled\";\n");
            output.Write($"    fillcolor=\"{Palette.Light(first.Style)}\";\n");
            output.Write($"    color=\"{Palette.Light($"{first.Style}-edge")}\";\n");
            foreach (GroupFrame frame in parts)
            {
                for (int row = frame.FirstRow; row <= frame.LastRow; row++)
                {
                    WriteNode(output, "    ", tree, row);
                }
            }

            output.Write("  }\n");
        }
    }

    private static void WriteNode(TextWriter output, string indent, HostTree tree, int row)
    {
        TreeNode node = tree.Nodes[row];
        string label = node.Kind is NodeKind.RootBus
            ? Quote(node.Heading, node.Detail)
            : Quote(
                node.Heading, node.Name, node.Detail, $"driver: {node.Driver ?? "none"}",
                $"{Words.Of(node.State)}: {node.StateDetail}");
        string style = node.Kind switch
        {
            NodeKind.RootBus => $", fillcolor=\"{Palette.Light("root")}\"",
            NodeKind.Endpoint => ", style=\"rounded,filled\"",
            NodeKind.VirtualFunction => ", style=\"rounded,filled,dashed\"",
            _ => $", fillcolor=\"{Palette.Light("bridge")}\"",
        };
        output.Write($"{indent}{Id(tree, row)} [label={label}{style}];\n");
    }

    private static string Line(TreeNode node)
    {
        string style = node.Link.IsSlow ? $", style=dashed, color=\"{Palette.Light("amber")}\""
            : node.Kind is NodeKind.VirtualFunction ? ", style=dotted"
            : "";
        return $"label={Quote(node.Link.Text, node.Link.Detail)}{style}";
    }

    // An address needs no escaping, because it was parsed.
    private static string Id(HostTree tree, int row) =>
        tree.Nodes[row] is { Devices: [PciDeviceInfo first, ..] }
            ? $"\"{first.Address}\""
            : $"root_bus_{Words.Number(row)}";

    /// <summary>
    /// Quotes lines of text as a label. Graphviz reads escapes in it (\N is the node's name, \n a new line) and the
    /// entities of HTML.
    /// </summary>
    private static string Quote(params string[] lines)
    {
        StringBuilder quoted = new("\"");
        foreach (string line in lines.Where(line => line.Length != 0))
        {
            if (quoted.Length > 1)
            {
                quoted.Append("\\n");
            }

            foreach (Rune rune in line.EnumerateRunes())
            {
                switch (rune.Value)
                {
                    case '"': quoted.Append("\\\""); break;
                    case '\\': quoted.Append(@"\\"); break;
                    case '&': quoted.Append("&amp;"); break;
                    case < ' ' or (>= 0x7f and < 0xa0) or 0xfffe or 0xffff: quoted.Append('?'); break;
                    default: quoted.Append(rune.ToString()); break;
                }
            }
        }

        return quoted.Append('"').ToString();
    }
}
