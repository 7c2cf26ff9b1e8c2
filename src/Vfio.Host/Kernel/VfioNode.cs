namespace Vfio.Host;

/// <summary>A device node below <c>/dev</c> through which a device is opened, and the users who may open it.</summary>
public sealed record VfioNode
{
    /// <summary>Its path on the host: <c>/dev/vfio/12</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The user ID of its owner, who may open it besides root.</summary>
    public required uint UserId { get; init; }

    /// <summary>That user's name, or the user ID if it has none.</summary>
    public required string UserName { get; init; }

    /// <summary>
    /// The names, or user IDs, of the users whom its ACL allows to open it (<c>vfio bind --user</c> adds an entry).
    /// </summary>
    public required IReadOnlyList<string> OtherUsers { get; init; }

    private const int MostUsers = 64;

    /// <summary>
    /// Gets the nodes through which VFIO opens a device: that of its group, and its own if the kernel has such nodes.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <returns>The nodes that exist; none if the device is not bound to a VFIO driver.</returns>
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
        AccessList.Of(path) is AccessList list
            ? [.. list.NamedUsers.Where(list.Allows).Take(MostUsers).Select(Users.Name)]
            : [];
}
