namespace Vfio;

/// <summary>The processes that a search for the holders of a device found.</summary>
/// <param name="Holders">Those that have the device open or mapped.</param>
/// <param name="Possible">
/// Those that have some VFIO device open or mapped, and of which the kernel does not say whether it is this one: mappings and descriptors that came from an IOMMU group's node, the
/// latter before Linux 6.18.
/// </param>
/// <param name="Unexamined">Those of which the kernel did not answer, such as one whose file system hangs.</param>
public sealed record HolderReport(IReadOnlyList<DeviceHolder> Holders, IReadOnlyList<DeviceHolder> Possible, IReadOnlyList<DeviceHolder> Unexamined)
{
    internal static HolderReport Nobody => new([], [], []);
}
