namespace Vfio;

/// <summary>The processes that a search for the holders of a device found.</summary>
public sealed record HolderReport
{
    /// <summary>Those that have the device open or mapped.</summary>
    public required IReadOnlyList<DeviceHolder> Holders { get; init; }

    /// <summary>
    /// Those that have some VFIO device open or mapped, and of which the kernel does not say whether it is this one:
    /// mappings and descriptors that came from an IOMMU group's node, the latter before Linux 6.18.
    /// </summary>
    public required IReadOnlyList<DeviceHolder> Possible { get; init; }

    /// <summary>Those of which the kernel did not answer, such as one whose file system hangs.</summary>
    public required IReadOnlyList<DeviceHolder> Unexamined { get; init; }

    internal static HolderReport Nobody => new() { Holders = [], Possible = [], Unexamined = [] };
}
