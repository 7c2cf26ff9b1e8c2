namespace Vfio.Host;

/// <summary>
/// Judges devices that are bound already, for a bind that must be the only one (<see cref="BindOptions.Exclusive"/>).
/// </summary>
internal sealed class ExclusiveBind(HostContext context, NodeAccessGrant grant)
{
    /// <summary>Gets the reasons why bound devices cannot be used by another bind too.</summary>
    /// <param name="devices">The devices. Those that are not bound to a VFIO driver are not judged.</param>
    /// <param name="user">The user for whom to bind; <see langword="null"/> for root.</param>
    public IEnumerable<BindingRefusal> Judge(
        IEnumerable<PciDeviceInfo> devices, (uint Uid, uint Gid, string Name)? user)
    {
        foreach (PciDeviceInfo device in devices.Where(device => device.HasVfioDriver))
        {
            JournalEntry? entry = context.Journal.Find(device.Address);
            if (entry is { ParseError: null }
                && entry.ProcessId != Environment.ProcessId
                && context.Journal.IsOwned(device.Address))
            {
                string with = new DeviceHolders(context.Host).OfProcess(entry.ProcessId) is DeviceHolder taker
                    ? $"{taker}"
                    : $"process {entry.ProcessId}";
                yield return new BindingRefusal(
                    device.Address,
                    RefusalReason.BoundElsewhere,
                    $"it is bound by user {entry.BoundBy} through {with}",
                    canForce: false);
            }
            else if (user is { Uid: not 0 } && !grant.HasAccess(device, user.Value.Uid))
            {
                string whose = entry?.User is string other ? $"for user {other}" : "for root only";
                yield return new BindingRefusal(
                    device.Address,
                    RefusalReason.NotForUser,
                    $"it is bound to {device.Driver} already, {whose}",
                    canForce: false);
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

    // A user who can open the group's node can open every device of the group.
    private IEnumerable<BindingRefusal> JudgeGroups(PciDeviceInfo[] devices, uint user)
    {
        PciBus bus = new(context.Host);
        foreach (PciDeviceInfo device in devices)
        {
            PciDeviceInfo? other = device.IommuGroup is int group
                ? bus.GetGroup(group)?.Devices
                    .FirstOrDefault(other => other.HasVfioDriver
                        && devices.All(one => one.Address != other.Address)
                        && !grant.HasAccess(other, user))
                : null;
            if (other is not null)
            {
                string whose = context.Journal.Find(other.Address)?.User is string owner
                    ? $"for user {owner}"
                    : "for root only";
                yield return new BindingRefusal(
                    device.Address,
                    RefusalReason.NotForUser,
                    $"its IOMMU group also contains {other.Address}, which is bound to {other.Driver} already, {whose}",
                    canForce: false);
            }
        }
    }
}
