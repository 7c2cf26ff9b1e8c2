using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Takes from a user what it was let open. Most nodes vanish with the device; a group's node stays where another device of the group is still with a VFIO driver, and
/// <c>/dev/iommu</c> always.
/// </summary>
internal static class NodeRestorer
{
    /// <summary>The entry with the number of its user, which early versions did not keep.</summary>
    /// <exception cref="VfioException">The user cannot be looked up, so what that user may open cannot be taken back.</exception>
    public static JournalEntry WithUser(JournalEntry entry) => entry.User is not string name || entry.UserId is not null ? entry : entry with
    {
        UserId = Users.Find(name) ?? throw new VfioException(
            "look up", $"user '{name}', who may open {entry.Address}", "this host knows no such user now",
            $"nothing was changed; once getent passwd {name} finds the user, release again (--force leaves that access as it is: getfacl /dev/iommu)"),
    };

    /// <param name="context">The host.</param>
    /// <param name="entry">Who was let open what; with the user's number (<see cref="WithUser"/>).</param>
    /// <param name="device">The device.</param>
    /// <param name="released">Devices that will have been handed back before.</param>
    public static IEnumerable<BindingStep> Plan(HostContext context, JournalEntry entry, PciDeviceInfo? device, IReadOnlyCollection<PciAddress> released)
    {
        if (entry.UserId is not uint user)
        {
            yield break;
        }

        JournalEntry[] others = [.. context.Journal.GetEntries().Where(other => other.Address != entry.Address && other.IsGivenTo(user, entry.User) && !released.Contains(other.Address))];
        List<NodeAccess> nodes = [.. entry.Nodes];
        string[] late = [.. device?.IommuGroup is int group ? (string[])[$"vfio/{group}"] : [], .. File.Exists(context.Host.Combine($"dev/{NodeAccessGrant.Iommufd}")) ? (string[])[NodeAccessGrant.Iommufd] : []];
        // What is not remembered came into being by the bind, or by the module that it loaded.
        nodes.AddRange(late.Where(node => nodes.TrueForAll(access => access.Node != node)).Select(node => new NodeAccess(node, Before: null)).ToArray());

        foreach (NodeAccess access in nodes)
        {
            if (others.Any(other => Uses(context.Bus, other, access.Node)))
            {
                continue;
            }

            string path = context.Host.Combine($"dev/{access.Node}");
            yield return BindingStep.Shared($"let {entry.User} open {path} {(access.Before is null ? "no more" : "as before")}, if it is still there", () =>
            {
                if (access.OwnerBefore is (uint owner, uint group) && FileStatus.Of(path) is FileStatus status && (status.UserId, status.GroupId) != (owner, group))
                {
                    context.Changes.SetOwner(path, owner, group);
                }

                if (AccessList.Of(path) is AccessList list && list.Find(user) != access.Before)
                {
                    context.Changes.SetAccess(path, list.With(user, access.Before));
                }
            });
        }
    }

    private static bool Uses(PciBus bus, JournalEntry entry, string node) =>
        node == NodeAccessGrant.Iommufd || entry.Nodes.Any(access => access.Node == node) || bus.Find(entry.Address)?.IommuGroup is int group && node == $"vfio/{group}";
}
