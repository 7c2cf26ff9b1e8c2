namespace Vfio.Cli;

/// <summary>
/// Writes the tree as nested lists: the devices below a bridge are a list inside the bridge's item, and an IOMMU group
/// is a frame around items. The code does not recurse, because a hostile sysfs can make the tree arbitrarily deep.
/// </summary>
internal sealed class HtmlTree(HtmlWriter html, HostTree tree, GroupFrames frames, GroupJoints joints)
{
    /// <summary>
    /// The number of rows after which a tall frame repeats its label, for readers who see only a part of it.
    /// </summary>
    private const int RowsPerLabel = 10;

    private readonly Stack<(int LastRow, int Elements)> _open = new();

    public void Write()
    {
        html.Start("div", "host");
        for (int row = 0; row < tree.Nodes.Count; row++)
        {
            Close(row);
            Write(row);
        }

        Close(tree.Nodes.Count);
        html.End();
    }

    /// <summary>
    /// Gets the CSS class of a state's sign. Each sign has its own shape, so that it is readable without colours.
    /// </summary>
    public static string SignOf(NodeState state) => state switch
    {
        NodeState.CanBeTaken => "can",
        NodeState.Taken => "taken",
        NodeState.Blocked => "blocked",
        NodeState.InUse => "used",
        NodeState.NoIommu => "unguarded",
        _ => "kept",
    };

    private void Close(int row)
    {
        while (_open.TryPeek(out (int LastRow, int Elements) scope) && scope.LastRow < row)
        {
            html.End(_open.Pop().Elements);
        }
    }

    private void Open(int lastRow, int elements) => _open.Push((lastRow, elements));

    private void Write(int row)
    {
        TreeNode node = tree.Nodes[row];
        GroupFrame? frame = frames.Around(row);
        int last = tree.LastRows[row];
        if (node.Kind is NodeKind.RootBus)
        {
            html.Start("section", "bus");
            Open(last, 1);
            WriteRootBus(row, node);
        }
        else
        {
            if (frame is { IsRun: true } && frame.FirstRow == row)
            {
                html.Start("li");
                StartFrame(frame);
                html.Start("ul").With("role", "list");
                Open(frame.LastRow, 3);
            }

            html.Start("li");
            Open(last, 1);
            WriteFramed(row, node, frame);
        }

        if (last > row)
        {
            html.Start("ul", node.Kind is NodeKind.RootBus ? "tree" : null).With("role", "list");
            Open(last, 1);
        }
    }

    private void StartFrame(GroupFrame frame)
    {
        html.Start("div", $"frame {frame.Style}").With("role", "group");
        html.With("aria-label", $"{(frame.Group is null ? "" : "IOMMU ")}{frame.Label}, {frame.Detail}");
    }

    private void WriteFramed(int row, TreeNode node, GroupFrame? frame)
    {
        bool isFramedHere = frame is not { IsRun: true };
        if (isFramedHere && frame is not null)
        {
            StartFrame(frame);
        }
        else if (isFramedHere)
        {
            html.Start("div", "bare");
        }

        WriteRow(row, node, frame);
        if (isFramedHere)
        {
            html.End();
        }
    }

    private void WriteRootBus(int row, TreeNode node)
    {
        html.Start("div", "row root").Start("div", "box");
        html.Element("h2", node.Heading).Element("p", node.Detail, "dim").End();
        html.Start("div", "facts").With("aria-hidden", "true");
        foreach (string head in (string[])["Driver", "Link to its parent", "Can it be bound?", "IOMMU group"])
        {
            html.Element("span", head);
        }

        html.End();
        WriteJoints(row);
        html.End();
    }

    private void WriteRow(int row, TreeNode node, GroupFrame? frame)
    {
        html.Start("div", $"row {KindOf(node)}{LinkOf(node)}").Start("div", "box").Start("p");
        html.Element("b", node.Heading, node.IsFolded ? null : "address").Text(" ").Element("span", node.Name);
        html.End(newLine: false);
        html.Element("p", node.Detail, "dim").End();
        html.Start("dl", "facts");
        WriteFact("Driver", node.Driver ?? "no driver", "", node.Driver is null ? "missing" : null);
        WriteFact("Link to its parent", node.Link.Text, node.Link.Detail,
            node.Link.Text.Length == 0 ? "missing" : node.Link.IsSlow ? "slow" : null);
        WriteFact("Can it be bound?", Words.Of(node.State), node.StateDetail, $"sign {SignOf(node.State)}");
        if (frame is null)
        {
            WriteFact("IOMMU group", "no group", "", "missing");
        }
        else
        {
            bool isLabel = (row - frame.FirstRow) % RowsPerLabel == 0;
            string detail = row == frame.FirstRow ? frame.Detail : "continued";
            WriteFact("IOMMU group", frame.Label, detail, isLabel ? "group" : "group again");
        }

        html.End();
        WriteJoints(row);
        html.End();
    }

    private void WriteFact(string title, string text, string detail, string? classes)
    {
        html.Start("div", classes).Element("dt", title);
        foreach ((string line, string? style) in ((string, string?)[])[(text, null), (detail, "dim")])
        {
            if (line.Length != 0)
            {
                html.Element("dd", line, style);
            }
        }

        html.End();
    }

    private void WriteJoints(int row)
    {
        foreach (string classes in joints.At(row))
        {
            html.Start("i", classes).End(newLine: false);
        }
    }

    private static string KindOf(TreeNode node) => node.Kind switch
    {
        NodeKind.Endpoint => "device",
        NodeKind.VirtualFunction => node.IsFolded ? "virtual many" : "virtual",
        _ => "bridge",
    };

    // The more lanes, the thicker the line.
    private static string LinkOf(TreeNode node)
    {
        string lanes = node.Link.Lanes switch
        {
            0 => "",
            1 => " x1",
            < 4 => " x2",
            < 8 => " x4",
            < 16 => " x8",
            _ => " x16",
        };
        return lanes + (node.Link.IsSlow ? " slow" : node.Kind is NodeKind.VirtualFunction ? " share" : "");
    }
}
