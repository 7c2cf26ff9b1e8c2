namespace Vfio.Host;

/// <summary>Judges devices that are taken already, for who wants to be the only one to have them.</summary>
internal sealed class TakenDevices(HostContext context, NodeAccessGrant gift)
{
    /// <summary>Which devices are not to be had beside who has them.</summary>
    /// <param name="devices">The devices; those without a VFIO driver are not judged.</param>
    /// <param name="user">For whom; <see langword="null"/> for root.</param>
    public IEnumerable<BindingRefusal> Judge(IEnumerable<PciDeviceInfo> devices, (uint Uid, uint Gid, string Name)? user)
    {
        foreach (PciDeviceInfo device in devices.Where(device => device.HasVfioDriver))
        {
            JournalEntry? entry = context.Journal.Find(device.Address);
            if (entry is { ParseError: null } && entry.ProcessId != Environment.ProcessId && context.Journal.IsOwned(device.Address))
            {
                string with = new DeviceHolders(context.Host).OfProcess(entry.ProcessId) is DeviceHolder taker ? $"{taker}" : $"process {entry.ProcessId}";
                yield return new BindingRefusal(device.Address, RefusalReason.BoundElsewhere, $"{entry.BoundBy} has taken it, with {with}", canForce: false);
            }
            else if (user is { Uid: not 0 } && !gift.IsGiven(device, user.Value.Uid))
            {
                string whose = entry?.User is string other ? $"for user {other}" : "for root alone";
                yield return new BindingRefusal(device.Address, RefusalReason.NotForUser, $"it is with {device.Driver} already, {whose}", canForce: false);
            }
        }

        if (user is { Uid: not 0 })
        {
            foreach (BindingRefusal refusal in JudgeGroups([.. devices], user.Value.Uid))
            {
                yield return refusal;
            }
        }
    }

    // Who may open the group's node gets every device of the group by it.
    private IEnumerable<BindingRefusal> JudgeGroups(PciDeviceInfo[] devices, uint user)
    {
        PciBus bus = new(context.Host);
        foreach (PciDeviceInfo device in devices)
        {
            PciDeviceInfo? other = device.IommuGroup is int group
                ? bus.GetGroup(group)?.Devices.FirstOrDefault(other => other.HasVfioDriver && devices.All(one => one.Address != other.Address) && !gift.IsGiven(other, user))
                : null;
            if (other is not null)
            {
                string whose = context.Journal.Find(other.Address)?.User is string owner ? $"for user {owner}" : "for root alone";
                yield return new BindingRefusal(device.Address, RefusalReason.NotForUser, $"its IOMMU group has {other.Address} too, which is with {other.Driver} already, {whose}", canForce: false);
            }
        }
    }
}
