namespace Vfio.Cli;

/// <summary>
/// Represents one row of the picture: a root bus, a device, or many virtual functions that are alike.
/// </summary>
internal sealed record TreeNode
{
    public required NodeKind Kind { get; init; }

    /// <summary>Gets the number of bridges above, including the root bus.</summary>
    public required int Depth { get; init; }

    /// <summary>Gets the row above it in the tree; -1 for a root bus.</summary>
    public required int Parent { get; init; }

    /// <summary>Gets the devices of the row: none for a root bus, several for a folded row.</summary>
    public required IReadOnlyList<PciDeviceInfo> Devices { get; init; }

    public required string Heading { get; init; }

    public string Name { get; init; } = "";

    /// <summary>Gets a description: the kind, the class, and the interfaces and disks.</summary>
    public string Detail { get; init; } = "";

    public NodeLink Link { get; init; } = NodeLink.None("");

    public NodeState State { get; init; }

    public string StateDetail { get; init; } = "";

    /// <summary>Gets the name of the driver, sanitized; <see langword="null"/> if none exists.</summary>
    public string? Driver { get; init; }

    /// <summary>
    /// Gets the group ID; <see langword="null"/> if there is no group, or if each device of the row has its own.
    /// </summary>
    public int? Group { get; init; }

    /// <summary>Gets the group IDs of a folded row in which each device has its own group.</summary>
    public IReadOnlyList<int> OwnGroups { get; init; } = [];

    public bool IsFolded => Devices.Count > 1;
}
