namespace Vfio.Cli;

/// <summary>
/// Computes the lines on the right that connect the frames of a group that are not neighbours: for each row, which
/// lines pass, begin or end there.
/// </summary>
internal sealed class GroupJoints
{
    /// <summary>
    /// The maximum number of parallel lines. More would be hard to follow; the labels also tell which parts belong
    /// together.
    /// </summary>
    private const int MostLanes = 5;

    private readonly ILookup<int, string> _byRow;

    public GroupJoints(GroupFrames frames)
    {
        List<(int Row, string Classes)> joints = [];
        int[] usedUntil = new int[MostLanes];
        Array.Fill(usedUntil, -1);
        foreach (GroupFrame[] parts in frames.All.Where(frame => frame.Group is not null)
            .GroupBy(frame => frame.Group).Select(group => group.ToArray()).Where(parts => parts.Length > 1))
        {
            int first = parts[0].FirstRow;
            int last = parts[^1].FirstRow;
            int lane = Array.FindIndex(usedUntil, end => end < first);
            if (lane < 0)
            {
                continue;
            }

            usedUntil[lane] = last;
            Lanes = Math.Max(Lanes, lane + 1);
            HashSet<int> stubs = [.. parts.Select(part => part.FirstRow)];
            for (int row = first; row <= last; row++)
            {
                string shape = row == first ? " first" : row == last ? " last" : stubs.Contains(row) ? " middle" : "";
                joints.Add((row, $"joint lane{Words.Number(lane)} {parts[0].Style}{shape}"));
            }
        }

        _byRow = joints.ToLookup(joint => joint.Row, joint => joint.Classes);
    }

    /// <summary>Gets the largest number of parallel lines.</summary>
    public int Lanes { get; }

    /// <summary>Gets the CSS classes of each line at a row.</summary>
    public IEnumerable<string> At(int row) => _byRow[row];
}
