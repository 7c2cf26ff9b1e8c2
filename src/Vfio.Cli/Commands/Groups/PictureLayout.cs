namespace Vfio.Cli;

/// <summary>
/// Lays out a tree: a row for each device in reading order, deeper ones further to the right. Since rows never share a height, a
/// frame around neighbouring rows holds exactly what it surrounds; a group whose members are not neighbours has several frames, each
/// saying which part it is, joined at the right.
/// </summary>
internal static class PictureLayout
{
    public const double RowHeight = 52;
    public const double BoxHeight = 38;
    private const double BusGap = 16;
    private const double BottomMargin = 16;

    public static Picture Make(HostTree tree)
    {
        Columns columns = new(tree.Nodes.Select(node => node.Depth).DefaultIfEmpty().Max());
        PictureHeader header = HeaderLayout.Make(tree, columns.Width);
        Rect[] boxes = new Rect[tree.Nodes.Count];
        double[] tops = new double[tree.Nodes.Count + 1];
        double y = header.Height;
        for (int i = 0; i < boxes.Length; i++)
        {
            TreeNode node = tree.Nodes[i];
            tops[i] = y;
            y += node.Kind is NodeKind.RootBus && i != 0 ? BusGap : 0;
            double left = columns.BoxLeft(node.Depth);
            boxes[i] = new Rect(left, y + ((RowHeight - BoxHeight) / 2), columns.BoxRight - left, BoxHeight);
            y += RowHeight;
        }

        tops[^1] = y;
        FrameLayout frames = new(tree, boxes, columns);
        return new Picture
        {
            Title = Words.Title,
            Description = $"{Words.Summarize(tree)} {Words.Tree} {(tree.GroupSizes.Count == 0 ? Words.NoGroups : Words.Groups)}",
            Width = columns.Width,
            Height = y + BottomMargin,
            Header = header,
            Frames = frames.Frames,
            Lines = [.. Branches(tree, boxes, columns), .. frames.Joints],
            Rows = [.. tree.Nodes.Select((node, i) =>
                new PictureRow(node, tops[i], tops[i + 1], boxes[i], RowLayout.Make(node, boxes[i], columns, frames.LabelOf(i)), RowLayout.Tooltip(node)))],
        };
    }

    private static IEnumerable<PathShape> Branches(HostTree tree, Rect[] boxes, Columns columns)
    {
        Dictionary<int, double> lowest = [];
        for (int i = 0; i < boxes.Length; i++)
        {
            TreeNode node = tree.Nodes[i];
            if (node.Parent < 0)
            {
                continue;
            }

            double trunk = columns.Trunk(tree.Nodes[node.Parent].Depth);
            lowest[node.Parent] = boxes[i].Middle;
            yield return new PathShape(
                $"M{SvgNumber.Of(trunk)} {SvgNumber.Of(boxes[i].Middle)}H{SvgNumber.Of(boxes[i].X)}", LinkStyle(node), Thickness(node.Link.Lanes), boxes[i].Middle, boxes[i].Middle);
        }

        foreach ((int parent, double bottom) in lowest)
        {
            double top = boxes[parent].Bottom;
            yield return new PathShape(
                $"M{SvgNumber.Of(columns.Trunk(tree.Nodes[parent].Depth))} {SvgNumber.Of(top)}V{SvgNumber.Of(bottom)}", "line", 1.5, top, bottom);
        }
    }

    private static string LinkStyle(TreeNode node) => node.Link.IsSlow ? "line slow" : node.Kind is NodeKind.VirtualFunction ? "line dots" : "line";

    /// <summary>More lanes, a thicker line.</summary>
    public static double Thickness(int lanes) => lanes switch { 0 => 1.5, 1 => 2, < 4 => 3, < 8 => 4, < 16 => 5.5, _ => 7 };
}
