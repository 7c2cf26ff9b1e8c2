using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>Decides a request: the policy, the device's state, who has it, and last whether it opens.</summary>
internal sealed class BrokerJudge(HostRoot host, BrokerNodes nodes)
{
    private readonly PciBus _bus = new(host);

    /// <summary>Judges a request, and opens what it allows.</summary>
    /// <param name="policy">Who may.</param>
    /// <param name="peer">Who asks.</param>
    /// <param name="request">For what.</param>
    /// <param name="findHolder">Says who has a group; <see langword="null"/> for nobody.</param>
    /// <param name="opened">What was opened; the caller's.</param>
    /// <returns>Why not; <see langword="null"/> where it was opened.</returns>
    public BrokerRefusal? Open(BrokerPolicy policy, BrokerPeer peer, BrokerRequest request, Func<int, string?> findHolder, out BrokerOpening opened)
    {
        opened = default;
        if (_bus.Find(request.Address) is not PciDeviceInfo device)
        {
            return new BrokerRefusal(BrokerRefusalCode.NoDevice, "there is no such device");
        }

        BrokerRefusal? first = null;
        BrokerBackend[] ways = request.Backend == BrokerBackend.Any ? [BrokerBackend.Iommufd, BrokerBackend.Group] : [request.Backend];
        foreach (BrokerBackend way in ways)
        {
            BrokerRefusal? refusal = Open(policy, peer, device, way, findHolder, out opened);
            if (refusal is null)
            {
                return null;
            }

            first = first is null || first == refusal ? refusal : first with { Reason = $"iommufd: {first.Reason}; group: {refusal.Reason}" };
        }

        return first;
    }

    private BrokerRefusal? Open(
        BrokerPolicy policy, BrokerPeer peer, PciDeviceInfo device, BrokerBackend way, Func<int, string?> findHolder, out BrokerOpening opened)
    {
        opened = default;
        PolicyRule? rule = policy.Find(peer, device, way);
        if (rule is not { Allows: true })
        {
            return new BrokerRefusal(BrokerRefusalCode.NotAllowed, rule is null ? "no rule of the policy allows it" : $"the policy's line {rule.Line} denies it");
        }

        if (!device.HasVfioDriver || device.IommuGroup is not int group || device.IsNoIommu())
        {
            return new BrokerRefusal(BrokerRefusalCode.NotBound, device.HasVfioDriver
                ? "no IOMMU is in front of the device: it would reach all memory of the host"
                : $"no VFIO driver has the device; root takes it: vfio bind --user vfio-broker {device.Address}");
        }

        if (way == BrokerBackend.Group && FindForbidden(policy, peer, device, group) is PciDeviceInfo other)
        {
            return new BrokerRefusal(BrokerRefusalCode.NotAllowed, $"who has the group {group} has {other.Address} in it too, which the policy does not allow");
        }

        if (findHolder(group) is string holder)
        {
            return new BrokerRefusal(BrokerRefusalCode.Busy, holder);
        }

        BrokerRefusal? refusal = nodes.Open(device, way, out SafeFileHandle[] files);
        opened = new BrokerOpening(files, way, group, rule.Line);
        return refusal;
    }

    // A group's descriptor gives every device in it, those too that a VFIO driver gets later.
    private PciDeviceInfo? FindForbidden(BrokerPolicy policy, BrokerPeer peer, PciDeviceInfo device, int group) =>
        _bus.GetGroup(group)?.Devices.FirstOrDefault(other =>
            other.Address != device.Address && !other.IsBridge && policy.Find(peer, other, BrokerBackend.Group) is not { Allows: true });
}

/// <summary>What was opened for a request.</summary>
/// <param name="Files">The descriptors; the holder's of this value.</param>
/// <param name="Backend">Which nodes they are of.</param>
/// <param name="Group">The device's IOMMU group.</param>
/// <param name="Line">The rule that allowed it.</param>
internal readonly record struct BrokerOpening(SafeFileHandle[] Files, BrokerBackend Backend, int Group, int Line);
