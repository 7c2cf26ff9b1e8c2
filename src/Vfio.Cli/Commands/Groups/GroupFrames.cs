namespace Vfio.Cli;

/// <summary>
/// Decides which rows share a frame. A frame that surrounds several rows contains whole subtrees that are siblings
/// below one bridge, so that frames and the tree nest. A group that does not fit into one such frame has several
/// frames, its parts.
/// </summary>
internal sealed class GroupFrames
{
    private readonly GroupFrame?[] _byRow;

    public GroupFrames(HostTree tree)
    {
        _byRow = new GroupFrame?[tree.Nodes.Count];
        List<(int First, int Last)> runs = [.. FindRuns(tree)];
        ILookup<int?, (int First, int Last)> parts = runs.ToLookup(run => tree.Nodes[run.First].Group);
        Dictionary<int, int> seen = [];
        Dictionary<int, string> styles = [];
        List<GroupFrame> frames = [];
        foreach ((int first, int last) in runs)
        {
            TreeNode node = tree.Nodes[first];
            GroupFrame frame = node.Group is int group
                ? Part(group, seen[group] = seen.GetValueOrDefault(group) + 1, parts[group].Count())
                : Folded(node.OwnGroups);
            frames.Add(frame = frame with { FirstRow = first, LastRow = last });
            Array.Fill(_byRow, frame, first, last - first + 1);
        }

        All = frames;

        GroupFrame Part(int group, int part, int count)
        {
            int size = tree.GroupSizes[group];
            // Groups of several devices are coloured, because it matters which devices are in them.
            if (size > 1 && !styles.ContainsKey(group))
            {
                styles[group] = Palette.GroupStyle(styles.Count);
            }

            string style = styles.GetValueOrDefault(group, "single");
            return new GroupFrame(0, 0, group, style, $"Group {Words.Number(group)}")
            {
                Detail = size == 1 ? "one device"
                    : count == 1 ? $"{Words.Number(size)} devices, together"
                    : $"part {Words.Number(part)} of {Words.Number(count)}, {Words.Number(size)} devices",
            };
        }
    }

    /// <summary>Gets all frames, ordered by row.</summary>
    public IReadOnlyList<GroupFrame> All { get; }

    /// <summary>Gets the frame around a row.</summary>
    public GroupFrame? Around(int row) => _byRow[row];

    private static GroupFrame Folded(IReadOnlyList<int> groups)
    {
        bool isRow = groups.Count > 1 && groups.Zip(groups.Skip(1)).All(pair => pair.Second == pair.First + 1);
        return new GroupFrame(0, 0, null, "single", Words.Count(groups.Count, "group"))
        {
            Detail = isRow ? $"{Words.Number(groups[0])} to {Words.Number(groups[^1])}, one each" : "one device each",
        };
    }

    private static IEnumerable<(int First, int Last)> FindRuns(HostTree tree)
    {
        bool[] isWhole = FindWholeSubtrees(tree);
        for (int row = 0; row < tree.Nodes.Count; row++)
        {
            TreeNode node = tree.Nodes[row];
            if (node.Group is null && node.OwnGroups.Count == 0)
            {
                continue;
            }

            int first = row;
            if (node.Group is not null && isWhole[row])
            {
                row = tree.LastRows[row];
                while (row + 1 < tree.Nodes.Count && isWhole[row + 1]
                    && tree.Nodes[row + 1].Parent == node.Parent && tree.Nodes[row + 1].Group == node.Group)
                {
                    row = tree.LastRows[row + 1];
                }
            }

            yield return (first, row);
        }
    }

    // Finds for each row whether all rows below it are in its group.
    private static bool[] FindWholeSubtrees(HostTree tree)
    {
        bool[] isWhole = new bool[tree.Nodes.Count];
        Array.Fill(isWhole, true);
        for (int row = isWhole.Length - 1; row >= 0; row--)
        {
            TreeNode node = tree.Nodes[row];
            if (node.Parent >= 0 && (!isWhole[row] || node.Group != tree.Nodes[node.Parent].Group))
            {
                isWhole[node.Parent] = false;
            }
        }

        return isWhole;
    }
}
