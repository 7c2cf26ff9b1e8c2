namespace Vfio.Host;

/// <summary>
/// Lets a user open the nodes by which a device is opened: an entry for that user in each node's access list. They are the group's node, the device's own where the
/// kernel has such nodes, and then <c>/dev/iommu</c>, which all users' devices share.
/// </summary>
internal sealed class NodeAccessGrant(HostContext context)
{
    public const string Iommufd = "iommu";
    private const string DeviceNodes = "vfio/devices";

    /// <summary>The nodes as they are now, below <c>/dev</c>, whether or not they exist.</summary>
    public string[] NodesOf(PciDeviceInfo device) => device.IommuGroup is null || device.IsNoIommu() ? [] : [GroupNode(device), .. OwnNodes(device)];

    public bool IsGiven(PciDeviceInfo device, uint user) => NodesOf(device) is { Length: > 0 } nodes && nodes.All(node => AccessList.Of(PathOf(node))?.Allows(user) == true);

    /// <summary>Another user who has the group, by another device of it.</summary>
    public string? OtherUser(PciDeviceInfo device, uint user, string name) => context.Journal.GetEntries()
        .Where(entry => entry.Address != device.Address && entry.User is not null && !entry.IsGivenTo(user, name) && IsInGroup(entry, device.IommuGroup))
        .Select(entry => entry.User)
        .FirstOrDefault();

    public IEnumerable<BindingStep> Steps(PciDeviceInfo device, (uint Uid, uint Gid, string Name) user)
    {
        yield return context.Steps.Allow(PathOf(GroupNode(device)), user.Uid, user.Name);

        // The device's own node has a number that the kernel gives at the bind.
        yield return BindingStep.Shared($"let {user.Name} open {PathOf(DeviceNodes)}/vfioN of {device.Address} and {PathOf(Iommufd)}, where the kernel has such nodes", () =>
        {
            foreach (string node in OwnNodes(device))
            {
                context.Steps.Allow(PathOf(node), user.Uid, user.Name).Run();
            }
        });
    }

    /// <summary>What the user of an entry could do with the nodes before anything was given. What an earlier bind gave is not the user's own: what that bind remembers counts.</summary>
    public List<NodeAccess> AccessBefore(PciDeviceInfo device, JournalEntry entry, uint user, string userName)
    {
        JournalEntry[] givers = [.. context.Journal.GetEntries().Where(other => other.IsGivenTo(user, userName))];
        List<NodeAccess> accesses = entry.IsGivenTo(user, userName) ? [.. entry.Nodes] : [];
        foreach (string node in NodesOf(device).Append(Iommufd).Distinct().Where(node => accesses.TrueForAll(access => access.Node != node)))
        {
            NodeAccess? known = givers.SelectMany(giver => giver.Nodes).FirstOrDefault(access => access.Node == node);
            bool isGivers = known is null && node == Iommufd && givers.Length != 0; // it was not there when the first of them was given
            AccessList? list = AccessList.Of(PathOf(node));
            // The group's node comes into being by the bind.
            if (known is not null || isGivers || list is not null || node == GroupNode(device))
            {
                accesses.Add(known ?? new NodeAccess(node, isGivers ? null : list?.Find(user)));
            }
        }

        return accesses;
    }

    public string PathOf(string node) => context.Host.Combine($"dev/{node}");

    private bool IsInGroup(JournalEntry entry, int? group) => group is not null && context.Bus.Find(entry.Address)?.IommuGroup == group;

    private static string GroupNode(PciDeviceInfo device) => $"vfio/{device.IommuGroup}";

    private string[] OwnNodes(PciDeviceInfo device)
    {
        string[] own = Directory.Exists(PathOf(DeviceNodes)) ? [.. SysfsFile.Names(device.Attribute("vfio-dev")).Select(name => $"{DeviceNodes}/{name}")] : [];
        return own.Length != 0 && File.Exists(PathOf(Iommufd)) ? [.. own, Iommufd] : own;
    }
}
