namespace Vfio;

/// <summary>Represents the processes that a search for the holders of a device found.</summary>
public sealed record HolderReport
{
    /// <summary>Gets the processes that have the device open or mapped.</summary>
    public required IReadOnlyList<DeviceHolder> Holders { get; init; }

    /// <summary>
    /// Gets the processes that have some VFIO device open or mapped, possibly this one. The kernel does not tell which
    /// for mappings and descriptors that come from the node of an IOMMU group (for descriptors, before Linux 6.18).
    /// </summary>
    public required IReadOnlyList<DeviceHolder> Possible { get; init; }

    /// <summary>
    /// Gets the processes about which the kernel did not answer, such as one whose file system hangs.
    /// </summary>
    public required IReadOnlyList<DeviceHolder> Unexamined { get; init; }

    internal static HolderReport Nobody => new() { Holders = [], Possible = [], Unexamined = [] };
}
