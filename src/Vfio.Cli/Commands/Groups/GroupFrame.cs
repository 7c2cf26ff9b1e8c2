namespace Vfio.Cli;

/// <summary>
/// Represents a frame around neighbouring rows of one IOMMU group. A frame surrounds the whole group or a part of it.
/// </summary>
/// <param name="FirstRow">The first row in it.</param>
/// <param name="LastRow">The last row in it.</param>
/// <param name="Group">The group ID; <see langword="null"/> for a folded row, in which each device has its own
/// group.</param>
/// <param name="Style">The name of its colours in <see cref="Palette"/>.</param>
/// <param name="Label">The group in words.</param>
internal sealed record GroupFrame(int FirstRow, int LastRow, int? Group, string Style, string Label)
{
    /// <summary>Gets the number of devices in the group, and which part of it this frame is, as text.</summary>
    public required string Detail { get; init; }

    /// <summary>Gets whether the frame surrounds more than one row.</summary>
    public bool IsRun => LastRow > FirstRow;
}
