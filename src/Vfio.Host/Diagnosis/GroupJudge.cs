using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Whether the device's IOMMU group lets it be given away, and why the group is as large as it is.</summary>
internal static class GroupJudge
{
    private const FindingTopic Topic = FindingTopic.Group;
    private const int MostNames = 4;

    /// <param name="facts">The device.</param>
    /// <param name="hasIommu">Whether an IOMMU is on; where not, that is the cause, and is said.</param>
    public static IEnumerable<Finding> Judge(DeviceFacts facts, bool hasIommu)
    {
        PciDeviceInfo device = facts.Device;
        if (!hasIommu || device.IsBridge)
        {
            yield break;
        }

        if (facts.Group is not IommuGroup group)
        {
            yield return new Finding(Topic, FindingLevel.Error, "no IOMMU is in front of this device, though the host has one")
            {
                Reason = "it would reach all memory of the host",
                Advice = "a device in another slot may be behind the IOMMU; part of the chipset is not",
            };
            yield break;
        }

        if (facts.ReservedRegions.Where(region => region.IsFirmwares).ToArray() is { Length: > 0 } direct)
        {
            ReservedRegion first = direct[0];
            yield return new Finding(FindingTopic.ReservedRegions, FindingLevel.Error, string.Create(
                CultureInfo.InvariantCulture, $"the firmware uses this device itself, at 0x{first.First:x}-0x{first.Last:x} (RMRR, direct in reserved_regions)"))
            {
                Reason = "the kernel keeps that mapping and refuses the device any other address space",
                Advice = "switch off in the firmware's setup what uses it (iLO, shared memory, legacy USB), or ask its vendor; the kernel's log names RMRR",
            };
        }
        else if (facts.ReservedRegions.FirstOrDefault(region => region.Kind is not ("msi" or "direct-relaxable")) is { Kind: not null } window)
        {
            yield return new Finding(FindingTopic.ReservedRegions, FindingLevel.Ok, string.Create(
                CultureInfo.InvariantCulture, $"0x{window.First:x}-0x{window.Last:x} is not free for DMA; buffers that vfio places keep out of it"));
        }

        PciDeviceInfo[] others = [.. group.Devices.Where(other => other.Address != device.Address && !other.IsBridge)];
        PciDeviceInfo[] blockers = [.. group.GetBlockers().Where(other => other.Address != device.Address)];
        if (others.Length == 0 && blockers.Length == 0)
        {
            yield return new Finding(Topic, FindingLevel.Ok, $"group {group.Number} has this device alone");
            yield break;
        }

        foreach (Finding finding in Shared(facts, group, others, blockers))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> Shared(DeviceFacts facts, IommuGroup group, PciDeviceInfo[] others, PciDeviceInfo[] blockers)
    {
        string cause = Cause(facts, others);
        if (blockers.Length == 0)
        {
            yield return new Finding(Topic, FindingLevel.Ok, $"group {group.Number} is shared with {Names(others)}, which no host driver has: {cause}");
        }
        else
        {
            BindingRefusal? refusal = facts.RefusalsInGroup.Count == 0 ? null : facts.RefusalsInGroup[0];
            string? unbound = facts.UnboundWithGroup.Count == 0 ? null : $"{Names([.. facts.UnboundWithGroup])} only {(facts.UnboundWithGroup.Count == 1 ? "loses its driver" : "lose their drivers")}, until the release";
            yield return new Finding(
                Topic, FindingLevel.Error, $"group {group.Number} is not viable: host drivers have others of it, {Names(blockers)}")
            {
                Reason = $"the kernel gives a group away whole or not at all; {cause}",
                Command = refusal is null ? $"sudo vfio bind --group {facts.Device.Address}" : null,
                Advice = refusal is null ? unbound : $"{refusal.Device} cannot be taken along: {refusal.Explanation}",
                Refusal = refusal?.Reason,
                Part = refusal?.Part,
                Devices = [.. blockers.Select(blocker => blocker.Address)],
            };
        }

        foreach ((PciAddress bridge, _) in facts.BridgesInGroup.Where(above => above.Isolation == BridgeIsolation.Unseen).Take(1))
        {
            yield return new Finding(FindingTopic.Acs, FindingLevel.Unknown, $"whether {bridge} isolates (ACS): capabilities are root's to read")
            {
                Command = $"sudo vfio doctor {facts.Device.Address}",
                Devices = [bridge],
            };
        }
    }

    // The bridge nearest to the root decides: what is below it cannot be told apart any more.
    private static string Cause(DeviceFacts facts, PciDeviceInfo[] others)
    {
        foreach ((PciAddress address, BridgeIsolation isolation) in facts.BridgesInGroup.Reverse())
        {
            switch (isolation)
            {
                case BridgeIsolation.Conventional:
                    return $"the bridge {address} to conventional PCI does not tell apart what is behind it, and no setting changes that";
                case BridgeIsolation.LacksAcs:
                    return $"the port {address} lacks ACS, so that devices below it could reach each other past the IOMMU";
                case BridgeIsolation.AcsOff:
                    return $"the port {address} has ACS, but not switched on as isolation needs it";
                case BridgeIsolation.Unseen:
                    return $"{address} above is in the group too, and does not isolate";
            }
        }

        return Array.TrueForAll(others, other => IsSameSlot(other.Address, facts.Device.Address))
            ? "they are functions of one device, which does not isolate them (no ACS)"
            : "something above them does not isolate (no ACS)";
    }

    private static bool IsSameSlot(PciAddress left, PciAddress right) => (left.Domain, left.Bus, left.Device) == (right.Domain, right.Bus, right.Device);

    private static string Names(PciDeviceInfo[] devices) =>
        string.Join(", ", devices.Take(MostNames).Select(device => $"{device.Address} ({device.Driver ?? "no driver"})"))
        + (devices.Length > MostNames ? string.Create(CultureInfo.InvariantCulture, $" and {devices.Length - MostNames} more") : "");
}
