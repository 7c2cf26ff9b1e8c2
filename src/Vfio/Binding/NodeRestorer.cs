using Vfio.Interop;
using Vfio.Sysfs;

namespace Vfio.Binding;

/// <summary>
/// Takes from a user what it was let open. Most nodes vanish with the device; a group's node stays where another device of the group is still with a VFIO driver, and
/// <c>/dev/iommu</c> always.
/// </summary>
internal static class NodeRestorer
{
    /// <param name="host">The host.</param>
    /// <param name="journal">The journal.</param>
    /// <param name="entry">Who was let open what.</param>
    /// <param name="device">The device.</param>
    /// <param name="changes">How the host is changed.</param>
    /// <param name="released">Devices that will have been handed back before.</param>
    public static IEnumerable<BindingStep> Plan(
        HostRoot host, BindingJournal journal, JournalEntry entry, PciDeviceInfo? device, IHostChanges changes, IReadOnlyCollection<PciAddress> released)
    {
        if (entry.User is null || Users.Find(entry.User) is not uint user)
        {
            yield break;
        }

        JournalEntry[] others = [.. journal.Entries().Where(other => other.Address != entry.Address && other.User == entry.User && !released.Contains(other.Address))];
        List<NodeAccess> nodes = [.. entry.Nodes];
        string[] late = [.. device?.IommuGroup is int group ? (string[])[$"vfio/{group}"] : [], .. File.Exists(host.Combine($"dev/{NodeGift.Iommufd}")) ? (string[])[NodeGift.Iommufd] : []];
        // What is not remembered came into being by the bind, or by the module that it loaded.
        nodes.AddRange(late.Where(node => nodes.TrueForAll(access => access.Node != node)).Select(node => new NodeAccess(node, Before: null)).ToArray());

        foreach (NodeAccess access in nodes)
        {
            if (others.Any(other => Uses(new PciBus(host), other, access.Node)))
            {
                continue;
            }

            string path = host.Combine($"dev/{access.Node}");
            yield return new BindingStep($"let {entry.User} open {path} {(access.Before is null ? "no more" : "as before")}, if it is still there", () =>
            {
                if (AccessList.Of(path) is AccessList list && list.Find(user) != access.Before)
                {
                    changes.SetAccess(path, list.With(user, access.Before));
                }
            });
        }
    }

    private static bool Uses(PciBus bus, JournalEntry entry, string node) =>
        node == NodeGift.Iommufd || entry.Nodes.Any(access => access.Node == node) || bus.Find(entry.Address)?.IommuGroup is int group && node == $"vfio/{group}";
}
