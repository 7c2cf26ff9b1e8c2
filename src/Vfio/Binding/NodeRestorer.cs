using Vfio.Interop;

namespace Vfio.Binding;

/// <summary>
/// Gives device nodes back to whom they belonged. Most vanish with the device; a group's node stays where another device of
/// the group is still with a VFIO driver.
/// </summary>
internal static class NodeRestorer
{
    public static IEnumerable<BindingStep> Plan(
        HostRoot host, BindingJournal journal, JournalEntry entry, PciDeviceInfo device, IHostChanges changes, IReadOnlyCollection<PciAddress> released)
    {
        if (entry.User is null || device.IommuGroup is null)
        {
            yield break;
        }

        List<NodeOwner> owners = [.. entry.Nodes];
        string groupNode = $"vfio/{device.IommuGroup}";
        if (!owners.Exists(owner => owner.Node == groupNode))
        {
            // It came into being by the bind: as the kernel made it.
            owners.Add(new NodeOwner(groupNode, 0, 0));
        }

        foreach (NodeOwner owner in owners)
        {
            // Another device of the group is still given to this user (bind refuses a second one): so is the group's node.
            if (owner.Node == groupNode && IsSharedWithAnother(journal, entry, device, host, released))
            {
                continue;
            }

            string path = host.Combine($"dev/{owner.Node}");
            yield return new BindingStep($"chown {owner.UserId}:{owner.GroupId} {path}, if it is still there", () =>
            {
                if (FileStatus.Of(path) is FileStatus status && (status.UserId, status.GroupId) != (owner.UserId, owner.GroupId))
                {
                    changes.ChangeOwner(path, owner.UserId, owner.GroupId);
                }
            });
        }
    }

    private static bool IsSharedWithAnother(
        BindingJournal journal, JournalEntry entry, PciDeviceInfo device, HostRoot host, IReadOnlyCollection<PciAddress> released) =>
        device.IommuGroup is int number
        && new PciBus(host).Group(number)?.Devices.Any(other =>
            other.Address != entry.Address && !released.Contains(other.Address) && other.HasVfioDriver && journal.Find(other.Address)?.User is not null) == true;
}
