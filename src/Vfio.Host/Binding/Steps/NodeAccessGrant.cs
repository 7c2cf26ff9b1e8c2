namespace Vfio.Host;

/// <summary>
/// Grants a user access to the nodes through which a device is opened, with an ACL entry for that user in each. They
/// are the group's node and, if the kernel has them, the device's own node and <c>/dev/iommu</c>, which the devices of
/// all users share.
/// </summary>
internal sealed class NodeAccessGrant(HostContext context)
{
    public const string Iommufd = "iommu";
    private const string DeviceNodes = "vfio/devices";

    /// <summary>Gets the nodes that the device has now, relative to <c>/dev</c>. They need not exist yet.</summary>
    public string[] NodesOf(PciDeviceInfo device) =>
        device.IommuGroup is null || device.IsNoIommu() ? [] : [GroupNode(device), .. OwnNodes(device)];

    public bool HasAccess(PciDeviceInfo device, uint user) => NodesOf(device) is { Length: > 0 } nodes
        && nodes.All(node => AccessList.Of(PathOf(node))?.Allows(user) == true);

    /// <summary>Finds another user for whom another device of the group is bound.</summary>
    public string? OtherUser(PciDeviceInfo device, uint user, string name) => context.Journal.GetEntries()
        .Where(entry => entry.Address != device.Address
            && entry.User is not null
            && !entry.IsBoundFor(user, name)
            && IsInGroup(entry, device.IommuGroup))
        .Select(entry => entry.User)
        .FirstOrDefault();

    public IEnumerable<BindingStep> Steps(PciDeviceInfo device, (uint Uid, uint Gid, string Name) user)
    {
        yield return context.Steps.Allow(PathOf(GroupNode(device)), user.Uid, user.Name);

        // The name of the device's own node has a number that the kernel assigns at the bind.
        yield return BindingStep.Shared(
            $"grant {user.Name} access to {PathOf(DeviceNodes)}/vfioN of {device.Address} and {PathOf(Iommufd)}, if "
            + $"the kernel has such nodes",
            () =>
            {
                foreach (string node in OwnNodes(device))
                {
                    context.Steps.Allow(PathOf(node), user.Uid, user.Name).Run();
                }
            });
    }

    /// <summary>
    /// Gets the user's access to the nodes before anything was granted. If an earlier bind granted access to a node,
    /// the access that this bind recorded is used instead of the current one.
    /// </summary>
    public List<NodeAccess> AccessBefore(PciDeviceInfo device, JournalEntry entry, uint user, string userName)
    {
        JournalEntry[] earlier = [.. context.Journal.GetEntries().Where(other => other.IsBoundFor(user, userName))];
        List<NodeAccess> accesses = entry.IsBoundFor(user, userName) ? [.. entry.Nodes] : [];
        foreach (string node in NodesOf(device)
            .Append(Iommufd)
            .Distinct()
            .Where(node => accesses.TrueForAll(access => access.Node != node)))
        {
            NodeAccess? known = earlier.SelectMany(bind => bind.Nodes).FirstOrDefault(access => access.Node == node);
            // it did not exist at the first grant
            bool isCreatedEarlier = known is null && node == Iommufd && earlier.Length != 0;
            AccessList? list = AccessList.Of(PathOf(node));
            // The bind creates the group's node.
            if (known is not null || isCreatedEarlier || list is not null || node == GroupNode(device))
            {
                accesses.Add(known ?? new NodeAccess(node, isCreatedEarlier ? null : list?.Find(user)));
            }
        }

        return accesses;
    }

    public string PathOf(string node) => context.Host.Combine($"dev/{node}");

    private bool IsInGroup(JournalEntry entry, int? group) =>
        group is not null && context.Bus.Find(entry.Address)?.IommuGroup == group;

    private static string GroupNode(PciDeviceInfo device) => $"vfio/{device.IommuGroup}";

    private string[] OwnNodes(PciDeviceInfo device)
    {
        string[] own = Directory.Exists(PathOf(DeviceNodes))
            ? [.. SysfsFile.Names(device.Attribute("vfio-dev")).Select(name => $"{DeviceNodes}/{name}")]
            : [];
        return own.Length != 0 && File.Exists(PathOf(Iommufd)) ? [.. own, Iommufd] : own;
    }
}
