using Vfio.Interop;
using Vfio.Sysfs;

namespace Vfio.Binding;

/// <summary>
/// Gives the device nodes through which a device is opened to a user: the group's, and the device's own where the kernel has
/// such nodes.
/// </summary>
internal sealed class NodeGift(DeviceSteps kit, BindingJournal journal, HostRoot host)
{
    private readonly string _prefix = host.Combine("dev/");

    /// <summary>The nodes as they are now, whether or not they exist.</summary>
    public string[] NodesOf(PciDeviceInfo device) => device.IommuGroup is null || device.ReadHasNoIommu() ? [] : [GroupNode(device), .. DeviceNodes(device)];

    public bool IsGiven(PciDeviceInfo device, uint user) => NodesOf(device) is { Length: > 0 } nodes && nodes.All(node => FileStatus.Of(node)?.UserId == user);

    /// <summary>Another user who has the group, by another device of it.</summary>
    public string? OtherUser(PciDeviceInfo device, string user) => journal.Entries()
        .Where(entry => entry.Address != device.Address && entry.User is not null && entry.User != user && IsInGroup(entry, device.IommuGroup))
        .Select(entry => entry.User)
        .FirstOrDefault();

    public IEnumerable<BindingStep> Steps(PciDeviceInfo device, (uint Uid, uint Gid, string Name) user)
    {
        yield return kit.ChangeOwner(GroupNode(device), user.Uid, user.Gid, $"for {user.Name}");

        // The device's own node has a number that the kernel gives at the bind.
        string shown = host.Combine("dev/vfio/devices/vfioN");
        yield return new BindingStep($"chown {user.Uid}:{user.Gid} {shown} of {device.Address}, where the kernel has such nodes", () =>
        {
            foreach (string node in DeviceNodes(device))
            {
                kit.ChangeOwner(node, user.Uid, user.Gid, $"for {user.Name}").Run();
            }
        });
    }

    /// <summary>
    /// Who owned the nodes before anything was given away. A node that an earlier bind gave to somebody is not that user's:
    /// what that bind remembers counts.
    /// </summary>
    public List<NodeOwner> OwnersBefore(PciDeviceInfo device, JournalEntry entry)
    {
        JournalEntry[] givers = [.. journal.Entries().Where(other => other.User is not null && IsInGroup(other, device.IommuGroup))];
        List<NodeOwner> owners = [.. entry.Nodes];
        foreach (string name in NodesOf(device).Select(node => node[_prefix.Length..]).Where(name => owners.All(owner => owner.Node != name)))
        {
            NodeOwner? known = givers.SelectMany(giver => giver.Nodes).FirstOrDefault(owner => owner.Node == name);
            bool wasGiven = name == GroupNode(device)[_prefix.Length..] ? givers.Length != 0 : entry.User is not null;
            if (known is not null)
            {
                owners.Add(known);
            }
            else if (FileStatus.Of(_prefix + name) is FileStatus status)
            {
                owners.Add(wasGiven ? new NodeOwner(name, 0, 0) : new NodeOwner(name, status.UserId, status.GroupId));
            }
        }

        return owners;
    }

    private bool IsInGroup(JournalEntry entry, int? group) => group is not null && kit.Bus.Find(entry.Address)?.IommuGroup == group;

    private string GroupNode(PciDeviceInfo device) => host.Combine($"dev/vfio/{device.IommuGroup}");

    private string[] DeviceNodes(PciDeviceInfo device) =>
        Directory.Exists(host.Combine("dev/vfio/devices"))
            ? [.. SysfsFile.Names(device.Attribute("vfio-dev")).Select(name => host.Combine($"dev/vfio/devices/{name}"))]
            : [];
}
