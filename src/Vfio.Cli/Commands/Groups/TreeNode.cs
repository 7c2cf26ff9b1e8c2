namespace Vfio.Cli;

/// <summary>One row of the picture: a root bus, a device, or many virtual functions that are alike.</summary>
internal sealed record TreeNode
{
    public required NodeKind Kind { get; init; }

    /// <summary>How many bridges are above, the root bus included.</summary>
    public required int Depth { get; init; }

    /// <summary>The row above it in the tree; -1 for a root bus.</summary>
    public required int Parent { get; init; }

    /// <summary>None for a root bus; several where rows are folded.</summary>
    public required IReadOnlyList<PciDeviceInfo> Devices { get; init; }

    public required string Heading { get; init; }

    public string Name { get; init; } = "";

    /// <summary>In words: what kind, what class, which interfaces and disks.</summary>
    public string Detail { get; init; } = "";

    public NodeLink Link { get; init; } = NodeLink.None("");

    public NodeState State { get; init; }

    public string StateDetail { get; init; } = "";

    /// <summary>The driver's name, clean; <see langword="null"/> where it has none.</summary>
    public string? Driver { get; init; }

    /// <summary>The group; <see langword="null"/> where there is none, or each device of the row has one of its own.</summary>
    public int? Group { get; init; }

    /// <summary>Each device of a folded row has a group of its own.</summary>
    public IReadOnlyList<int> OwnGroups { get; init; } = [];

    public bool IsFolded => Devices.Count > 1;
}
