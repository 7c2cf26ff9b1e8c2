using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Judges whether the device can be bound and, if it is bound, whether this user can open it.</summary>
internal static class UseJudge
{
    private const int MostNamed = 4;
    private const string KernelWaits =
        "the kernel waits until no program holds the device, and allows no other change of it meanwhile";

    public static IEnumerable<Finding> Judge(HostFacts host, DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        foreach (Finding finding in facts.Refusals
            .Where(refusal => refusal.Reason is not (RefusalReason.NoIommu or RefusalReason.Reserved))
            .Select(refusal => Judge(refusal, facts)))
        {
            yield return finding;
        }

        if (FindChange(facts) is Finding change)
        {
            yield return change;
            yield break;
        }

        if (FindLeftOverride(facts) is Finding left)
        {
            yield return left;
        }

        if (device.HasVfioDriver)
        {
            foreach (Finding finding in JudgeBound(host, facts))
            {
                yield return finding;
            }

            yield break;
        }

        if (facts.Refusals.Count == 0)
        {
            yield return new Finding(FindingTopic.Driver, FindingLevel.Ok, device.Driver is string driver
                ? $"it is bound to {driver} and not in use; vfio bind can bind it"
                : "it has no driver; vfio bind can bind it");
        }
    }

    // Nothing else can be done to a device until a change of it has ended.
    private static Finding? FindChange(DeviceFacts facts)
    {
        PciAddress device = facts.Device.Address;
        string? holders = facts.Holders.Count == 0 ? null : string.Join(", ", facts.Holders.Take(MostNamed));
        return facts.UnfinishedChange is int process
            ? new Finding(
                FindingTopic.Change,
                FindingLevel.Error,
                $"the kernel has not completed an earlier change of it: process {process} is waiting for it")
            {
                Reason = KernelWaits,
                Advice = holders is null
                    ? $"end the program that holds it (vfio status {device} names possible holders), then run sudo "
                        + $"vfio release {device}"
                    : $"end {holders}, then run sudo vfio release {device}",
                Processes = [process, .. ProcessesOf(facts)],
            }
            : facts.IsBusy
            ? new Finding(
                FindingTopic.Busy,
                FindingLevel.Error,
                "the kernel does not answer, because a bind or unbind of it by another program has not ended")
            {
                Reason = KernelWaits,
                Advice = holders is null
                    ? "end the program that holds the device; ps -eo pid,state,args shows the one that "
                        + "changes it, in state D or S"
                    : $"end {holders}",
                Processes = [.. ProcessesOf(facts)],
            }
            : null;
    }

    private static IEnumerable<int> ProcessesOf(DeviceFacts facts) => facts.Holders.Select(holder => holder.ProcessId);

    private static Finding? FindLeftOverride(DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        return facts.Override is not string name || name == device.Driver || device.HasVfioDriver ? null
            : new Finding(
                FindingTopic.Override,
                FindingLevel.Warning,
                $"driver_override names {name}, but the device "
                + $"{(device.Driver is null ? "has no driver" : $"is bound to {device.Driver}")}")
            {
                Reason = "no other driver will be bound at the next probe; another tool, or a bind that was "
                    + "interrupted, left the override behind",
                Command = !facts.IsRemembered
                    ? $"echo | sudo tee {Attribute(device, "driver_override")}"
                    : $"sudo vfio release {device.Address}",
            };
    }

    private static Finding Judge(BindingRefusal refusal, DeviceFacts facts)
    {
        bool isBridge = refusal.Reason == RefusalReason.Bridge;
        string? fix = HowToStop(refusal, facts);
        return new Finding(isBridge ? FindingTopic.Bridge : FindingTopic.InUse, FindingLevel.Error, refusal.Explanation)
        {
            Reason = isBridge
                ? "bridges and ports stay with the kernel"
                : "unbinding it from its driver would harm the host, so vfio bind refuses it",
            Command = fix,
            Advice = isBridge ? "bind the endpoints behind it" : fix is null ? refusal.Hint : null,
            Refusal = refusal.Reason,
            Part = refusal.Part,
        };
    }

    private static IEnumerable<Finding> JudgeBound(HostFacts host, DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        if (facts.HasNoIommuGroup)
        {
            yield return new Finding(
                FindingTopic.NoIommu,
                FindingLevel.Warning,
                "it is bound without an IOMMU, so a program that opens it can reach all memory of the host")
            {
                Command = $"sudo vfio release {device.Address}",
                Advice = "only root can open it, with --backend noiommu; DMA does not work",
            };
        }

        if (facts.Holders.Count != 0)
        {
            yield return new Finding(
                FindingTopic.Open,
                FindingLevel.Error,
                $"it is in use by {string.Join(", ", facts.Holders.Take(MostNamed))}")
            {
                Reason = "only one program at a time can have a device open; another open fails with EBUSY",
                Advice = "end that program, or have it pass the open device on",
                Processes = [.. ProcessesOf(facts)],
            };
        }

        yield return JudgeNodes(host, facts);
        if (facts.IsOfBoundFunction)
        {
            yield return new Finding(
                FindingTopic.Token,
                FindingLevel.Info,
                $"its physical function {facts.Details.PhysicalFunction} is bound too, so opening it "
                + $"requires that device's VF token")
            {
                Reason = "the program that holds the physical function controls the virtual ones",
                Advice = "set the token in VfioOpenOptions; without it the open fails with EACCES",
                Devices = facts.Details.PhysicalFunction is PciAddress function ? [function] : [],
            };
        }
    }

    private const FindingTopic Topic = FindingTopic.Nodes;

    // Opening through iommufd needs two nodes; opening through the group needs two others.
    private static Finding JudgeNodes(HostFacts host, DeviceFacts facts)
    {
        HostNode[] ofGroup = [.. new[] { facts.GroupNode, host.ContainerNode }.OfType<HostNode>()];
        HostNode[] own = [.. new[] { facts.OwnNode, host.IommufdNode }.OfType<HostNode>()];
        if (own.Length == 2 && Array.TrueForAll(own, node => node.IsUsable))
        {
            return new Finding(
                Topic, FindingLevel.Ok, $"this user can open it through {own[0].Path} and {own[1].Path}");
        }

        if (ofGroup.Length == 2 && Array.TrueForAll(ofGroup, node => node.IsUsable))
        {
            return new Finding(
                Topic, FindingLevel.Ok, $"this user can open it through {ofGroup[0].Path} and {ofGroup[1].Path}");
        }

        return WhyNot(host, facts, [.. ofGroup, .. own], $"{string.Join(", ", ofGroup.Select(part => part.Path))}");
    }

    private static Finding WhyNot(HostFacts host, DeviceFacts facts, HostNode[] nodes, string ofGroup)
    {
        if (Array.Find(nodes, node => node.Trouble is not null) is HostNode node)
        {
            return new Finding(Topic, FindingLevel.Error, $"{node.Path} {node.Trouble}")
            {
                Reason =
                    "a device is opened through its nodes, and a container has only the nodes that it was started with",
                Advice = $"start the container again, with --device for each of {ofGroup}",
            };
        }

        if (facts.GroupNode is null && facts.OwnNode is null)
        {
            return new Finding(
                Topic, FindingLevel.Error, $"it is bound to {facts.Device.Driver}, but it has no node in /dev/vfio")
            {
                Reason = "a device is opened through its node",
                Advice = "the kernel makes the node in devtmpfs; in a container, pass /dev/vfio in",
            };
        }

        HostNode[] closed = [.. nodes.Where(part => !part.MayUse)];
        if (host.IsRoot && closed.Length != 0)
        {
            return new Finding(
                Topic,
                FindingLevel.Error,
                $"not even root can open {string.Join(", ", closed.Select(part => part.Path))}")
            {
                Reason = "a container can open only the nodes that it was started with (the device "
                    + "list of its control group)",
                Advice = "start the container with --device for each of them",
            };
        }

        return new Finding(Topic, FindingLevel.Error, closed.Length == 0
            ? "neither /dev/vfio/vfio nor /dev/iommu exists"
            : $"this user cannot open {string.Join(", ", closed.Select(part => $"{part.Path} (owner {part.Owner})"))}")
        {
            Reason = "opening fails with EACCES",
            Command = closed.Length == 0
                ? "sudo modprobe vfio_iommu_type1"
                : $"sudo vfio bind --user $USER {facts.Device.Address}",
        };
    }

    private static string? HowToStop(BindingRefusal refusal, DeviceFacts facts) => refusal.Reason switch
    {
        RefusalReason.Mounted when refusal.Part is string disk => $"sudo umount /dev/{disk}",
        RefusalReason.Swap when refusal.Part is string disk => $"sudo swapoff /dev/{disk}",
        RefusalReason.Address or RefusalReason.Route when refusal.Part is string link =>
            $"sudo ip link set {link} down",
        RefusalReason.Functions => $"sudo vfio sriov {facts.Device.Address} 0",
        _ => null,
    };

    private static string Attribute(PciDeviceInfo device, string name) =>
        $"/sys/bus/pci/devices/{device.Address}/{name}";
}
