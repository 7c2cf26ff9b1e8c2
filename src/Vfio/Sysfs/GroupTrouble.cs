using Vfio.Pci;

namespace Vfio;

/// <summary>Explains from sysfs and procfs why a device's IOMMU group cannot be used.</summary>
internal static class GroupTrouble
{
    /// <summary>
    /// Describes the devices of the group that are bound to host drivers. The kernel gives access to no device of such
    /// a group.
    /// </summary>
    /// <returns>Null if there are none.</returns>
    public static VfioException? FindBlockers(HostRoot host, int group)
    {
        IReadOnlyList<PciDeviceInfo> blockers = new PciBus(host).GetGroup(group)?.GetBlockers() ?? [];
        if (blockers.Count == 0)
        {
            return null;
        }

        string names = string.Join(", ", blockers.Select(blocker => $"{blocker.Address} ({blocker.Driver})"));
        return new VfioException(
            "open",
            $"group {group}",
            $"the group is not viable: {names} in it "
            + $"{(blockers.Count == 1 ? "is bound to a host driver" : "are bound to host drivers")}",
            "bind every device of the group to vfio-pci, or to no driver")
        {
            Reason = VfioErrorReason.GroupNotViable,
            Device = MemberToName(host, group, blockers).ToString(),
        };
    }

    // The bind command does not accept bridges.
    private static PciAddress MemberToName(HostRoot host, int group, IReadOnlyList<PciDeviceInfo> blockers) =>
        (blockers.FirstOrDefault(device => !device.IsBridge)
            ?? new PciBus(host).GetGroup(group)?.Devices.FirstOrDefault(device => !device.IsBridge)
            ?? blockers[0]).Address;

    /// <summary>Describes which processes have the device, or another device of its group, open.</summary>
    public static string DescribeHolders(HostRoot host, IHostDevice device)
    {
        IReadOnlyList<DeviceHolder> holders = FindHolders(host, device);
        if (holders.Any(holder => holder.ProcessId == Environment.ProcessId))
        {
            return $"this process has {device.Name} or another device of group {device.IommuGroup} open; devices of "
                + "one group share an address space (VfioOpenOptions.AddressSpace)";
        }

        string by = holders.Count == 0 ? "by a process that only root can see" : $"by {string.Join(", ", holders)}";
        return $"{device.Name} or another device of group {device.IommuGroup} is open elsewhere, {by}";
    }

    /// <summary>
    /// Finds out whether another process has another device of the group open. The device itself is not considered: the
    /// caller has it open already.
    /// </summary>
    public static bool HasOthersHeld(HostRoot host, IHostDevice device)
    {
        DeviceHolders all = new(host);
        return OthersOf(host, device).Any(other => all.GetHolders(other).Count != 0);
    }

    private static IReadOnlyList<DeviceHolder> FindHolders(HostRoot host, IHostDevice device)
    {
        DeviceHolders all = new(host);
        IReadOnlyList<DeviceHolder> holders = device.IommuGroup is int group ? all.OfGroup(group) : [];
        return holders.Count != 0
            ? holders
            : [.. OthersOf(host, device)
                .Prepend(device)
                .SelectMany(all.GetHolders)
                .DistinctBy(holder => holder.ProcessId)];
    }

    private static IEnumerable<IHostDevice> OthersOf(HostRoot host, IHostDevice device) =>
        (device.IommuGroup is int group ? new PciBus(host).GetGroup(group)?.Devices : null)
            ?.Where<IHostDevice>(other => other.Name != device.Name)
        ?? [];
}
