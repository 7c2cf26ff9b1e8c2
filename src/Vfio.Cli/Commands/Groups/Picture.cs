namespace Vfio.Cli;

/// <summary>A picture that is laid out: what is to be drawn where. How it is written is another's business.</summary>
internal sealed record Picture
{
    public required string Title { get; init; }

    /// <summary>What a person who does not see the picture needs to know.</summary>
    public required string Description { get; init; }

    public required double Width { get; init; }

    public required double Height { get; init; }

    /// <summary>Title, explanation and legend.</summary>
    public required PictureHeader Header { get; init; }

    public required IReadOnlyList<GroupFrame> Frames { get; init; }

    /// <summary>The tree's lines, and those that join the parts of a group.</summary>
    public required IReadOnlyList<PathShape> Lines { get; init; }

    public required IReadOnlyList<PictureRow> Rows { get; init; }
}

/// <summary>What stands above the tree.</summary>
internal sealed record PictureHeader(double Height, IReadOnlyList<Shape> Shapes);

/// <summary>A row, from a top to a bottom, and its box.</summary>
/// <param name="Node">What it shows.</param>
/// <param name="Top">Where it begins; the one before ends there.</param>
/// <param name="Bottom">Where it ends.</param>
/// <param name="Box">The device's box.</param>
/// <param name="Shapes">All that is drawn in it.</param>
/// <param name="Tooltip">What is told of it in full.</param>
internal sealed record PictureRow(TreeNode Node, double Top, double Bottom, Rect Box, IReadOnlyList<Shape> Shapes, string Tooltip);

/// <summary>A boundary around neighbouring rows: an IOMMU group, or a part of one.</summary>
/// <param name="FirstRow">The first row in it.</param>
/// <param name="LastRow">The last row in it.</param>
/// <param name="Group">The group; <see langword="null"/> for a folded row, each of whose devices has its own.</param>
/// <param name="Bounds">Where it is drawn.</param>
/// <param name="Style">Its colour.</param>
internal sealed record GroupFrame(int FirstRow, int LastRow, int? Group, Rect Bounds, string Style);
