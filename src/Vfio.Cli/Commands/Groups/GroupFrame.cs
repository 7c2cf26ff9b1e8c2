namespace Vfio.Cli;

/// <summary>A frame around neighbouring rows of one IOMMU group: all of the group, or a part of it.</summary>
/// <param name="FirstRow">The first row in it.</param>
/// <param name="LastRow">The last row in it.</param>
/// <param name="Group">The group; <see langword="null"/> for a folded row, each of whose devices has its own.</param>
/// <param name="Style">The name of its colours in <see cref="Palette"/>.</param>
/// <param name="Label">The group in words.</param>
internal sealed record GroupFrame(int FirstRow, int LastRow, int? Group, string Style, string Label)
{
    /// <summary>How many devices the group has, and which part of it this frame is.</summary>
    public required string Detail { get; init; }

    /// <summary>Whether the frame surrounds more than one row.</summary>
    public bool IsRun => LastRow > FirstRow;
}
