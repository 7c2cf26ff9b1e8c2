namespace Vfio.Host;

/// <summary>A node below <c>/dev</c> by which a device is opened, and whose it is.</summary>
public sealed record VfioNode
{
    /// <summary>The host's name for it: <c>/dev/vfio/12</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Its owner: who may open it, besides root.</summary>
    public required uint UserId { get; init; }

    /// <summary>That user's name, or the number where it has none.</summary>
    public required string UserName { get; init; }

    /// <summary>The names, or numbers, of the users who may open it too: by its access list, which <c>vfio bind --user</c> writes.</summary>
    public required IReadOnlyList<string> OtherUsers { get; init; }

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
        return FileStatus.Of(path) is not FileStatus status ? null : new VfioNode
        {
            Path = $"/dev/{node}",
            UserId = status.UserId,
            UserName = Users.Name(status.UserId),
            OtherUsers = OthersWhoMayOpen(path),
        };
    }

    private static List<string> OthersWhoMayOpen(string path) =>
        AccessList.Of(path) is AccessList list ? [.. list.NamedUsers.Where(list.Allows).Take(MostUsers).Select(Users.Name)] : [];
}
