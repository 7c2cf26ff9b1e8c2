using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Decides a request: by the policy, the device's state, its current holder, and finally whether its nodes can be
/// opened.
/// </summary>
internal sealed class BrokerJudge(HostRoot host, BrokerNodes nodes)
{
    private readonly PciBus _bus = new(host);

    /// <summary>Decides a request, and opens the device's nodes if it is allowed.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="peer">The client.</param>
    /// <param name="request">The request.</param>
    /// <param name="findHolder">
    /// Describes the client that holds a group; <see langword="null"/> for no client.
    /// </param>
    /// <param name="opened">What was opened; the caller disposes it.</param>
    /// <returns>The reason for a refusal; <see langword="null"/> if it was opened.</returns>
    public BrokerRefusal? Open(
        BrokerPolicy policy,
        BrokerPeer peer,
        BrokerRequest request,
        Func<int, string?> findHolder,
        out BrokerOpening opened)
    {
        opened = default;
        if (_bus.Find(request.Address) is not PciDeviceInfo device)
        {
            return new BrokerRefusal(BrokerRefusalCode.NoDevice, "there is no such device");
        }

        BrokerRefusal? first = null;
        BrokerBackend[] ways = request.Backend == BrokerBackend.Any
            ? [BrokerBackend.Iommufd, BrokerBackend.Group]
            : [request.Backend];
        foreach (BrokerBackend way in ways)
        {
            BrokerRefusal? refusal = Open(policy, peer, device, way, findHolder, out opened);
            if (refusal is null)
            {
                return null;
            }

            first = first is null || first == refusal
                ? refusal
                : first with { Reason = $"iommufd: {first.Reason}; group: {refusal.Reason}" };
        }

        return first;
    }

    private BrokerRefusal? Open(
        BrokerPolicy policy,
        BrokerPeer peer,
        PciDeviceInfo device,
        BrokerBackend way,
        Func<int, string?> findHolder,
        out BrokerOpening opened)
    {
        opened = default;
        PolicyRule? rule = policy.Find(peer, device, way);
        if (rule is not { Allows: true })
        {
            return new BrokerRefusal(
                BrokerRefusalCode.NotAllowed,
                rule is null ? "no rule of the policy allows it" : $"line {rule.Line} of the policy denies it");
        }

        if (!device.HasVfioDriver || device.IommuGroup is not int group || device.IsNoIommu())
        {
            return new BrokerRefusal(BrokerRefusalCode.NotBound, device.HasVfioDriver
                ? "the device is not behind an IOMMU, so it could reach all memory of the host"
                : "the device is not bound to a VFIO driver; root can bind it: vfio bind --user "
                    + $"vfio-broker {device.Address}");
        }

        if (way == BrokerBackend.Group && FindForbidden(policy, peer, device, group) is PciDeviceInfo other)
        {
            return new BrokerRefusal(
                BrokerRefusalCode.NotAllowed,
                $"IOMMU group {group} also contains {other.Address}, which the policy does not allow");
        }

        if (findHolder(group) is string holder)
        {
            return new BrokerRefusal(BrokerRefusalCode.Busy, holder);
        }

        BrokerRefusal? refusal = nodes.Open(device, way, out SafeFileHandle[] files);
        opened = new BrokerOpening(files, way, group, rule.Line);
        return refusal;
    }

    // A descriptor of a group gives access to every device of the group, including those that are bound to a VFIO
    // driver later.
    private PciDeviceInfo? FindForbidden(BrokerPolicy policy, BrokerPeer peer, PciDeviceInfo device, int group) =>
        _bus.GetGroup(group)?.Devices.FirstOrDefault(other =>
            other.Address != device.Address
            && !other.IsBridge
            && policy.Find(peer, other, BrokerBackend.Group) is not { Allows: true });
}

/// <summary>The opened nodes of a request, and the rule that allowed them.</summary>
/// <param name="Files">The descriptors. The owner of this value disposes them.</param>
/// <param name="Backend">The kind of nodes.</param>
/// <param name="Group">The device's IOMMU group.</param>
/// <param name="Line">The rule that allowed it.</param>
internal readonly record struct BrokerOpening(SafeFileHandle[] Files, BrokerBackend Backend, int Group, int Line);
