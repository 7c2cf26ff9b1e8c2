namespace Vfio.Host;

/// <summary>A node below <c>/dev</c> by which a device is opened, and whose it is.</summary>
/// <param name="Path">The host's name for it: <c>/dev/vfio/12</c>.</param>
/// <param name="UserId">Its owner: who may open it, besides root.</param>
/// <param name="UserName">That user's name, or the number where it has none.</param>
/// <param name="OtherUsers">The names, or numbers, of the users who may open it too: by its access list, which <c>vfio bind --user</c> writes.</param>
public sealed record VfioNode(string Path, uint UserId, string UserName, IReadOnlyList<string> OtherUsers)
{
    private const int MostUsers = 64;

    /// <summary>Finds the nodes by which VFIO opens a device: its group's, and its own where the kernel has such nodes.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Those that are there; none where no VFIO driver has the device.</returns>
    public static IReadOnlyList<VfioNode> GetAll(PciDeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (!device.HasVfioDriver || device.IommuGroup is not int group)
        {
            return [];
        }

        string groupNode = device.IsNoIommu() ? $"vfio/noiommu-{group}" : $"vfio/{group}";
        return [.. SysfsFile.Names(device.Attribute("vfio-dev"))
            .Select(name => $"vfio/devices/{name}")
            .Prepend(groupNode)
            .Select(node => Find(device.Host, node))
            .OfType<VfioNode>()];
    }

    private static VfioNode? Find(HostRoot host, string node)
    {
        string path = host.Combine($"dev/{node}");
        return FileStatus.Of(path) is FileStatus status ? new VfioNode($"/dev/{node}", status.UserId, Users.Name(status.UserId), OthersWhoMayOpen(path)) : null;
    }

    private static List<string> OthersWhoMayOpen(string path) =>
        AccessList.Of(path) is AccessList list ? [.. list.NamedUsers.Where(list.Allows).Take(MostUsers).Select(Users.Name)] : [];
}
