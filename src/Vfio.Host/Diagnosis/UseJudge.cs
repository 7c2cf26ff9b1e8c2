using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Whether the device can be taken; once it is, whether this user can open it.</summary>
internal static class UseJudge
{
    private const int MostNamed = 4;
    private const string KernelWaits = "the kernel waits until no program holds the device, and lets nothing else change it";

    public static IEnumerable<Finding> Judge(HostFacts host, DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        foreach (Finding finding in facts.Refusals.Where(refusal => refusal.Reason is not (RefusalReason.NoIommu or RefusalReason.Reserved)).Select(refusal => Judge(refusal, facts)))
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
            foreach (Finding finding in Taken(host, facts))
            {
                yield return finding;
            }

            yield break;
        }

        if (facts.Refusals.Count == 0)
        {
            yield return new Finding(FindingTopic.Driver, FindingLevel.Ok, device.Driver is string driver ? $"{driver} has it, and nothing is in use: vfio bind takes it" : "no driver has it: vfio bind takes it");
        }
    }

    // A change of the device that has not ended: nothing else can be done to it until then.
    private static Finding? FindChange(DeviceFacts facts)
    {
        PciAddress device = facts.Device.Address;
        string? holders = facts.Holders.Count == 0 ? null : string.Join(", ", facts.Holders.Take(MostNamed));
        return facts.UnfinishedChange is int process
            ? new Finding(FindingTopic.Change, FindingLevel.Error, $"the kernel has not completed an earlier change of it: process {process} waits for that")
            {
                Reason = KernelWaits,
                Advice = holders is null
                    ? $"vfio status {device} names who may hold it: end that program, then sudo vfio release {device}"
                    : $"end {holders}, then sudo vfio release {device}",
                Processes = [process, .. ProcessesOf(facts)],
            }
            : facts.IsBusy
            ? new Finding(FindingTopic.Busy, FindingLevel.Error, "the kernel does not answer: a bind or an unbind of it by another program has not ended")
            {
                Reason = KernelWaits,
                Advice = holders is null
                    ? "ps -eo pid,state,args shows the program that changes it, in state D or S; end the one that holds the device"
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
            : new Finding(FindingTopic.Override, FindingLevel.Warning, $"driver_override names {name}, but {(device.Driver is null ? "no driver" : device.Driver)} has the device")
            {
                Reason = "no other driver can take it at the next probe; a tool or a bind that was cut short left that behind",
                Command = !facts.IsRemembered ? $"echo | sudo tee {Attribute(device, "driver_override")}" : $"sudo vfio release {device.Address}",
            };
    }

    private static Finding Judge(BindingRefusal refusal, DeviceFacts facts)
    {
        bool isBridge = refusal.Reason == RefusalReason.Bridge;
        string? fix = HowToStop(refusal, facts);
        return new Finding(isBridge ? FindingTopic.Bridge : FindingTopic.InUse, FindingLevel.Error, refusal.Explanation)
        {
            Reason = isBridge ? "bridges and ports stay with the kernel" : "taking it away from its driver would harm the host: vfio bind refuses",
            Command = fix,
            Advice = isBridge ? "take the endpoints behind it" : fix is null ? refusal.Hint : null,
            Refusal = refusal.Reason,
            Part = refusal.Part,
        };
    }

    private static IEnumerable<Finding> Taken(HostFacts host, DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        if (facts.HasNoIommuGroup)
        {
            yield return new Finding(FindingTopic.NoIommu, FindingLevel.Warning, "it is taken without an IOMMU: whoever opens it reaches all memory of the host")
            {
                Command = $"sudo vfio release {device.Address}",
                Advice = "opened with --backend noiommu, by root alone; DMA does not work",
            };
        }

        if (facts.Holders.Count != 0)
        {
            yield return new Finding(FindingTopic.Open, FindingLevel.Error, $"{string.Join(", ", facts.Holders.Take(MostNamed))} has it open")
            {
                Reason = "one program at a time has a device; another open fails with EBUSY",
                Advice = "end that program, or let it hand the device over",
                Processes = [.. ProcessesOf(facts)],
            };
        }

        yield return JudgeNodes(host, facts);
        if (facts.IsOfTakenFunction)
        {
            yield return new Finding(FindingTopic.Token, FindingLevel.Info, $"its physical function {facts.Details.PhysicalFunction} is taken too: opening it takes that one's VF token")
            {
                Reason = "who has the physical function decides over the virtual ones",
                Advice = "VfioOpenOptions has it; without the token the open fails with EACCES",
                Devices = facts.Details.PhysicalFunction is PciAddress function ? [function] : [],
            };
        }
    }

    private const FindingTopic Topic = FindingTopic.Nodes;

    // iommufd takes two nodes; groups take two others.
    private static Finding JudgeNodes(HostFacts host, DeviceFacts facts)
    {
        HostNode[] ofGroup = [.. new[] { facts.GroupNode, host.ContainerNode }.OfType<HostNode>()];
        HostNode[] own = [.. new[] { facts.OwnNode, host.IommufdNode }.OfType<HostNode>()];
        if (own.Length == 2 && Array.TrueForAll(own, node => node.IsUsable))
        {
            return new Finding(Topic, FindingLevel.Ok, $"this user may open it by {own[0].Path} and {own[1].Path}");
        }

        if (ofGroup.Length == 2 && Array.TrueForAll(ofGroup, node => node.IsUsable))
        {
            return new Finding(Topic, FindingLevel.Ok, $"this user may open it by {ofGroup[0].Path} and {ofGroup[1].Path}");
        }

        return WhyNot(host, facts, [.. ofGroup, .. own], $"{string.Join(", ", ofGroup.Select(part => part.Path))}");
    }

    private static Finding WhyNot(HostFacts host, DeviceFacts facts, HostNode[] nodes, string ofGroup)
    {
        if (Array.Find(nodes, node => node.Trouble is not null) is HostNode node)
        {
            return new Finding(Topic, FindingLevel.Error, $"{node.Path} {node.Trouble}")
            {
                Reason = "a device is opened by its nodes, and a container has nodes of its own: those that it was started with",
                Advice = $"start the container anew, with --device for each: {ofGroup}",
            };
        }

        if (facts.GroupNode is null && facts.OwnNode is null)
        {
            return new Finding(Topic, FindingLevel.Error, $"{facts.Device.Driver} has it, but there is no node for it in /dev/vfio")
            {
                Reason = "a device is opened by its node",
                Advice = "the kernel makes it in devtmpfs: in a container, /dev/vfio must be passed in",
            };
        }

        HostNode[] closed = [.. nodes.Where(part => !part.MayUse)];
        if (host.IsRoot && closed.Length != 0)
        {
            return new Finding(Topic, FindingLevel.Error, $"not even root may open {string.Join(", ", closed.Select(part => part.Path))}")
            {
                Reason = "a container may open the nodes alone that it was started with (its control group's list of devices)",
                Advice = "start the container with --device for each of them",
            };
        }

        return new Finding(Topic, FindingLevel.Error, closed.Length == 0
            ? "neither /dev/vfio/vfio nor /dev/iommu is there"
            : $"this user may not open {string.Join(", ", closed.Select(part => $"{part.Path} (of {part.Owner})"))}")
        {
            Reason = "opening fails with EACCES",
            Command = closed.Length == 0 ? "sudo modprobe vfio_iommu_type1" : $"sudo vfio bind --user $USER {facts.Device.Address}",
        };
    }

    private static string? HowToStop(BindingRefusal refusal, DeviceFacts facts) => refusal.Reason switch
    {
        RefusalReason.Mounted when refusal.Part is string disk => $"sudo umount /dev/{disk}",
        RefusalReason.Swap when refusal.Part is string disk => $"sudo swapoff /dev/{disk}",
        RefusalReason.Address or RefusalReason.Route when refusal.Part is string link => $"sudo ip link set {link} down",
        RefusalReason.Functions => $"sudo vfio sriov {facts.Device.Address} 0",
        _ => null,
    };

    private static string Attribute(PciDeviceInfo device, string name) => $"/sys/bus/pci/devices/{device.Address}/{name}";
}
