namespace Vfio.Cli;

/// <summary>The boundaries of the groups: frames around neighbouring rows, and joints between frames of one group.</summary>
internal sealed class FrameLayout
{
    private const double Padding = 5;

    // In a tall frame the label comes again, for who sees a part of it.
    private const int RowsALabel = 10;

    private readonly HostTree _tree;
    private readonly Dictionary<int, (string Label, string Detail)> _labels = [];

    public FrameLayout(HostTree tree, IReadOnlyList<Rect> boxes, Columns columns)
    {
        _tree = tree;
        List<GroupFrame> frames = [];
        Dictionary<int, string> styles = [];
        for (int i = 0; i < boxes.Count; i++)
        {
            TreeNode node = tree.Nodes[i];
            if (node.Group is null && node.OwnGroups.Count == 0)
            {
                continue;
            }

            int first = i;
            while (node.Group is not null && i + 1 < boxes.Count && tree.Nodes[i + 1].Group == node.Group)
            {
                i++;
            }

            frames.Add(new GroupFrame(first, i, node.Group, Around(boxes, first, i, columns), StyleOf(node.Group, styles)));
        }

        Frames = frames;
        Label();
        Joints = [.. Join(columns)];
    }

    public IReadOnlyList<GroupFrame> Frames { get; }

    public IReadOnlyList<PathShape> Joints { get; }

    /// <summary>What a row says in the group's column.</summary>
    public (string Label, string Detail) LabelOf(int row) => _labels.GetValueOrDefault(row, ("", ""));

    private static Rect Around(IReadOnlyList<Rect> boxes, int first, int last, Columns columns)
    {
        double left = boxes.Skip(first).Take(last - first + 1).Min(box => box.X) - Padding;
        double top = boxes[first].Y - Padding;
        return new Rect(left, top, columns.FrameRight - left, boxes[last].Bottom + Padding - top);
    }

    // Colours are for groups of several devices, where it matters who is in it.
    private string StyleOf(int? group, Dictionary<int, string> styles)
    {
        if (group is not int number || _tree.GroupSizes[number] == 1)
        {
            return "single";
        }

        if (!styles.TryGetValue(number, out string? style))
        {
            styles[number] = style = $"group{Words.Number(styles.Count % Palette.GroupColours)}";
        }

        return style;
    }

    private void Label()
    {
        foreach (IGrouping<int?, GroupFrame> parts in Frames.Where(frame => frame.Group is not null).GroupBy(frame => frame.Group))
        {
            int part = 0;
            int count = parts.Count();
            int size = _tree.GroupSizes[parts.Key!.Value];
            string label = $"Group {Words.Number(parts.Key.Value)}";
            foreach (GroupFrame frame in parts)
            {
                part++;
                string detail = size == 1 ? "one device"
                    : count == 1 ? $"{Words.Number(size)} devices, together"
                    : $"part {Words.Number(part)} of {Words.Number(count)}, {Words.Number(size)} devices";
                for (int row = frame.FirstRow; row <= frame.LastRow; row += RowsALabel)
                {
                    _labels[row] = (label, row == frame.FirstRow ? detail : "continued");
                }
            }
        }

        foreach (GroupFrame frame in Frames.Where(frame => frame.Group is null))
        {
            IReadOnlyList<int> groups = _tree.Nodes[frame.FirstRow].OwnGroups;
            bool isRow = groups.Zip(groups.Skip(1)).All(pair => pair.Second == pair.First + 1);
            _labels[frame.FirstRow] = (
                Words.Count(groups.Count, "group"),
                isRow && groups.Count > 1 ? $"{Words.Number(groups[0])} to {Words.Number(groups[^1])}, one each" : "one device each");
        }
    }

    private IEnumerable<PathShape> Join(Columns columns)
    {
        double[] usedUntil = new double[Columns.LaneCount];
        foreach (IGrouping<int?, GroupFrame> parts in Frames.Where(frame => frame.Group is not null).GroupBy(frame => frame.Group).Where(parts => parts.Count() > 1))
        {
            double top = parts.First().Bounds.Middle;
            double bottom = parts.Last().Bounds.Middle;
            int lane = Array.FindIndex(usedUntil, end => end < top);
            if (lane < 0)
            {
                // As many groups side by side as nobody could follow: the labels still say it.
                continue;
            }

            usedUntil[lane] = bottom;
            double x = columns.LaneX(lane);
            string stubs = string.Concat(parts.Select(part => $"M{SvgNumber.Of(part.Bounds.Right)} {SvgNumber.Of(part.Bounds.Middle)}H{SvgNumber.Of(x)}"));
            yield return new PathShape(
                $"{stubs}M{SvgNumber.Of(x)} {SvgNumber.Of(top)}V{SvgNumber.Of(bottom)}", $"joint {parts.First().Style}-line", 0, top, bottom);
        }
    }
}
