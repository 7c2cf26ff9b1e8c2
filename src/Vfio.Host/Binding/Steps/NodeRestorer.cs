using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Revokes a user's access to nodes. Most nodes vanish with the device. A group's node stays as long as another device
/// of the group is bound to a VFIO driver, and <c>/dev/iommu</c> always stays.
/// </summary>
internal static class NodeRestorer
{
    /// <summary>Adds the ID of the entry's user, which early versions did not record.</summary>
    /// <exception cref="VfioException">
    /// The user cannot be looked up, so the user's access cannot be revoked.
    /// </exception>
    public static JournalEntry WithUser(JournalEntry entry) =>
        entry.User is not string name || entry.UserId is not null ? entry : entry with
        {
            UserId = Users.Find(name) ?? throw new VfioException(
                "look up",
                $"user '{name}', who has access to {entry.Address}",
                "there is no such user on this host now",
                $"release again when getent passwd {name} finds the user, or use --force to keep that access (getfacl "
                + $"/dev/iommu shows it)"),
        };

    /// <summary>Makes the steps that restore a user's previous access.</summary>
    /// <param name="context">The host.</param>
    /// <param name="entry">The entry with the user, the user's ID (<see cref="WithUser"/>) and the nodes.</param>
    /// <param name="device">The device.</param>
    /// <param name="released">The devices that will have been released before this one.</param>
    public static IEnumerable<BindingStep> Plan(
        HostContext context, JournalEntry entry, PciDeviceInfo? device, IReadOnlyCollection<PciAddress> released)
    {
        if (entry.UserId is not uint user)
        {
            yield break;
        }

        JournalEntry[] others = [.. context.Journal.GetEntries().Where(other => other.Address != entry.Address
            && other.IsBoundFor(user, entry.User)
            && !released.Contains(other.Address))];
        List<NodeAccess> nodes = [.. entry.Nodes];
        string[] late =
        [
            .. device?.IommuGroup is int group ? (string[])[$"vfio/{group}"] : [],
            .. File.Exists(context.Host.Combine($"dev/{NodeAccessGrant.Iommufd}"))
                ? (string[])[NodeAccessGrant.Iommufd]
                : [],
        ];
        // Nodes that are not in the entry were created by the bind, or by the module that it loaded.
        nodes.AddRange(late.Where(node => nodes.TrueForAll(access => access.Node != node))
            .Select(node => new NodeAccess(node, Before: null))
            .ToArray());

        foreach (NodeAccess access in nodes)
        {
            if (others.Any(other => Uses(context.Bus, other, access.Node)))
            {
                continue;
            }

            string path = context.Host.Combine($"dev/{access.Node}");
            string what = access.Before is null ? "revoke the access" : "restore the previous access";
            yield return BindingStep.Shared(
                $"{what} of {entry.User} to {path}, if it still exists",
                () => Restore(context.Changes, path, access, user));
        }
    }

    private static void Restore(IHostChanges changes, string path, NodeAccess access, uint user)
    {
        if (access.OwnerBefore is (uint owner, uint group)
            && FileStatus.Of(path) is FileStatus status
            && (status.UserId, status.GroupId) != (owner, group))
        {
            changes.SetOwner(path, owner, group);
        }

        if (AccessList.Of(path) is AccessList list && list.Find(user) != access.Before)
        {
            changes.SetAccess(path, list.With(user, access.Before));
        }
    }

    private static bool Uses(PciBus bus, JournalEntry entry, string node) =>
        node == NodeAccessGrant.Iommufd
        || entry.Nodes.Any(access => access.Node == node)
        || bus.Find(entry.Address)?.IommuGroup is int group && node == $"vfio/{group}";
}
