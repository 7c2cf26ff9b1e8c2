using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Judges whether the device's IOMMU group can be used, and why the group is as large as it is.</summary>
internal static class GroupJudge
{
    private const FindingTopic Topic = FindingTopic.Group;
    private const int MostNames = 4;

    /// <summary>Judges the group.</summary>
    /// <param name="facts">The device.</param>
    /// <param name="hasIommu">Whether an IOMMU is on. If not, that is the cause, and is reported elsewhere.</param>
    public static IEnumerable<Finding> Judge(DeviceFacts facts, bool hasIommu)
    {
        PciDeviceInfo device = facts.Device;
        if (!hasIommu || device.IsBridge)
        {
            yield break;
        }

        if (facts.Group is not IommuGroup group)
        {
            yield return new Finding(
                Topic, FindingLevel.Error, "this device is not behind an IOMMU, although the host has one")
            {
                Reason = "it could reach all memory of the host",
                Advice =
                    "move it to another slot, which may be behind the IOMMU; some devices of the chipset never are",
            };
            yield break;
        }

        if (Reserved(facts) is Finding reserved)
        {
            yield return reserved;
        }

        PciDeviceInfo[] others = [.. group.Devices.Where(other => other.Address != device.Address && !other.IsBridge)];
        PciDeviceInfo[] blockers = [.. group.GetBlockers().Where(other => other.Address != device.Address)];
        if (others.Length == 0 && blockers.Length == 0)
        {
            yield return new Finding(Topic, FindingLevel.Ok, $"group {group.Number} contains only this device");
            yield break;
        }

        foreach (Finding finding in Shared(facts, group, others, blockers))
        {
            yield return finding;
        }
    }

    private static Finding? Reserved(DeviceFacts facts)
    {
        if (facts.ReservedRegions.Where(region => region.IsForFirmware).ToArray() is [ReservedRegion first, ..])
        {
            return new Finding(FindingTopic.ReservedRegions, FindingLevel.Error, string.Create(
                CultureInfo.InvariantCulture,
                $"the firmware reserves memory for this device, at 0x{first.First:x}-0x{first.Last:x} (RMRR, "
                + $"direct in reserved_regions)"))
            {
                Reason = "the kernel keeps that mapping, and does not allow the device any other address space",
                Advice = "disable the feature that uses it in the firmware's setup (iLO, shared memory, legacy USB), "
                    + "or ask the vendor; the kernel's log mentions RMRR",
            };
        }

        ReservedRegion window = facts.ReservedRegions.FirstOrDefault(
            region => region.Kind is not ("msi" or "direct-relaxable"));
        return window.Kind is null ? null : new Finding(FindingTopic.ReservedRegions, FindingLevel.Ok, string.Create(
            CultureInfo.InvariantCulture,
            $"0x{window.First:x}-0x{window.Last:x} is reserved and cannot be used for DMA; vfio does not "
            + $"place buffers there"));
    }

    private static IEnumerable<Finding> Shared(
        DeviceFacts facts, IommuGroup group, PciDeviceInfo[] others, PciDeviceInfo[] blockers)
    {
        string cause = Cause(facts, others);
        if (blockers.Length == 0)
        {
            yield return new Finding(
                Topic,
                FindingLevel.Ok,
                $"group {group.Number} is shared with {Names(others)}, which are not bound to host drivers: {cause}");
        }
        else
        {
            BindingRefusal? refusal = facts.RefusalsInGroup.Count == 0 ? null : facts.RefusalsInGroup[0];
            string unbind = facts.UnboundWithGroup.Count == 1
                ? "is only unbound from its driver"
                : "are only unbound from their drivers";
            string? unbound = facts.UnboundWithGroup.Count == 0
                ? null
                : $"{Names([.. facts.UnboundWithGroup])} {unbind}, until the release";
            yield return new Finding(
                Topic,
                FindingLevel.Error,
                $"group {group.Number} is not viable: other devices in it are bound to host drivers, {Names(blockers)}")
            {
                Reason = $"the kernel allows a group to be used only as a whole; {cause}",
                Command = refusal is null ? $"sudo vfio bind --group {facts.Device.Address}" : null,
                Advice = refusal is null ? unbound : $"{refusal.Device} cannot be bound with it: {refusal.Explanation}",
                Refusal = refusal?.Reason,
                Part = refusal?.Part,
                Devices = [.. blockers.Select(blocker => blocker.Address)],
            };
        }

        foreach ((PciAddress bridge, _) in facts.BridgesInGroup
            .Where(above => above.Isolation == BridgeIsolation.Unseen)
            .Take(1))
        {
            yield return new Finding(
                FindingTopic.Acs,
                FindingLevel.Unknown,
                $"whether {bridge} isolates (ACS) is unknown: only root can read its capabilities")
            {
                Command = $"sudo vfio doctor {facts.Device.Address}",
                Devices = [bridge],
            };
        }
    }

    // The bridge nearest to the root decides, because the devices below it cannot be told apart.
    private static string Cause(DeviceFacts facts, PciDeviceInfo[] others)
    {
        foreach ((PciAddress address, BridgeIsolation isolation) in facts.BridgesInGroup.Reverse())
        {
            switch (isolation)
            {
                case BridgeIsolation.Conventional:
                    return $"the bridge {address} to conventional PCI cannot tell the devices behind it apart, and no "
                        + "setting changes that";
                case BridgeIsolation.LacksAcs:
                    return $"the port {address} lacks ACS, so devices below it could reach each other past the IOMMU";
                case BridgeIsolation.AcsOff:
                    return $"the port {address} has ACS, but not all that isolation needs is enabled";
                case BridgeIsolation.Unseen:
                    return $"the bridge {address} above it is in the group too, and does not isolate";
            }
        }

        return Array.TrueForAll(others, other => IsSameSlot(other.Address, facts.Device.Address))
            ? "they are functions of one device, which does not isolate them (no ACS)"
            : "a bridge above them does not isolate (no ACS)";
    }

    private static bool IsSameSlot(PciAddress left, PciAddress right) =>
        (left.Domain, left.Bus, left.Device) == (right.Domain, right.Bus, right.Device);

    private static string Names(PciDeviceInfo[] devices) =>
        string.Join(
            ", ", devices.Take(MostNames).Select(device => $"{device.Address} ({device.Driver ?? "no driver"})"))
        + (devices.Length > MostNames
            ? string.Create(CultureInfo.InvariantCulture, $" and {devices.Length - MostNames} more")
            : "");
}
