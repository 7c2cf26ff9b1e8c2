namespace Vfio.Host;

/// <summary>Whether the device can be taken; once it is, whether this user can open it.</summary>
internal static class UseJudge
{
    private const int MostNamed = 4;

    public static IEnumerable<Finding> Judge(HostFacts host, DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        foreach (Finding finding in facts.Refusals.Where(refusal => refusal.Reason is not (RefusalReason.NoIommu or RefusalReason.Reserved)).Select(refusal => Judge(refusal, facts)))
        {
            yield return finding;
        }

        if (facts.UnfinishedChange is int process)
        {
            yield return new Finding("change", FindingLevel.Blocks, $"the kernel has not completed an earlier change of it: process {process} waits for that")
            {
                Why = "the kernel waits until no program holds the device, and lets nothing else change it",
                Advice = facts.Holders.Count == 0 ? $"vfio status {device.Address} names who may hold it: end that program, then sudo vfio release {device.Address}"
                    : $"end {string.Join(", ", facts.Holders.Take(MostNamed))}, then sudo vfio release {device.Address}",
            };
            yield break;
        }

        if (facts.IsBusy)
        {
            yield return new Finding("busy", FindingLevel.Blocks, "the kernel does not answer: a bind or an unbind of it by another program has not ended")
            {
                Why = "the kernel waits until no program holds the device, and lets nothing else change it",
                Advice = facts.Holders.Count == 0 ? "ps -eo pid,state,args shows the program that changes it, in state D or S; end the one that holds the device"
                    : $"end {string.Join(", ", facts.Holders.Take(MostNamed))}",
            };
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
            yield return new Finding("driver", FindingLevel.Fine, device.Driver is string driver ? $"{driver} has it, and nothing is in use: vfio bind takes it" : "no driver has it: vfio bind takes it");
        }
    }

    private static Finding? FindLeftOverride(DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        return facts.Override is not string name || name == device.Driver || device.HasVfioDriver ? null
            : new Finding("override", FindingLevel.Warns, $"driver_override names {name}, but {(device.Driver is null ? "no driver" : device.Driver)} has the device")
            {
                Why = "no other driver can take it at the next probe; a tool or a bind that was cut short left that behind",
                Fix = !facts.IsRemembered ? $"echo | sudo tee {Attribute(device, "driver_override")}" : $"sudo vfio release {device.Address}",
            };
    }

    private static Finding Judge(BindingRefusal refusal, DeviceFacts facts)
    {
        bool isBridge = refusal.Reason == RefusalReason.Bridge;
        string? fix = HowToStop(refusal, facts);
        return new Finding(isBridge ? "bridge" : "in use", FindingLevel.Blocks, refusal.Explanation)
        {
            Why = isBridge ? "bridges and ports stay with the kernel" : "taking it away from its driver would harm the host: vfio bind refuses",
            Fix = fix,
            Advice = isBridge ? "take the endpoints behind it" : fix is null ? refusal.Hint : null,
        };
    }

    private static IEnumerable<Finding> Taken(HostFacts host, DeviceFacts facts)
    {
        PciDeviceInfo device = facts.Device;
        if (facts.HasNoIommuGroup)
        {
            yield return new Finding("no iommu", FindingLevel.Warns, "it is taken without an IOMMU: whoever opens it reaches all memory of the host")
            {
                Fix = $"sudo vfio release {device.Address}",
                Advice = "opened with --backend noiommu, by root alone; DMA does not work",
            };
        }

        if (facts.Holders.Count != 0)
        {
            yield return new Finding("open", FindingLevel.Blocks, $"{string.Join(", ", facts.Holders.Take(4))} has it open")
            {
                Why = "one program at a time has a device; another open fails with EBUSY",
                Advice = "end that program, or let it hand the device over",
            };
        }

        yield return JudgeNodes(host, facts);
        if (facts.IsOfTakenFunction)
        {
            yield return new Finding("token", FindingLevel.Notes, $"its physical function {facts.Details.PhysicalFunction} is taken too: opening it takes that one's VF token")
            {
                Why = "who has the physical function decides over the virtual ones",
                Advice = "VfioOpenOptions has it; without the token the open fails with EACCES",
            };
        }
    }

    private const string Nodes = "nodes";

    // iommufd takes two nodes; groups take two others.
    private static Finding JudgeNodes(HostFacts host, DeviceFacts facts)
    {
        HostNode[] ofGroup = [.. new[] { facts.GroupNode, host.ContainerNode }.OfType<HostNode>()];
        HostNode[] own = [.. new[] { facts.OwnNode, host.IommufdNode }.OfType<HostNode>()];
        if (own.Length == 2 && Array.TrueForAll(own, node => node.IsUsable))
        {
            return new Finding(Nodes, FindingLevel.Fine, $"this user may open it by {own[0].Path} and {own[1].Path}");
        }

        if (ofGroup.Length == 2 && Array.TrueForAll(ofGroup, node => node.IsUsable))
        {
            return new Finding(Nodes, FindingLevel.Fine, $"this user may open it by {ofGroup[0].Path} and {ofGroup[1].Path}");
        }

        return WhyNot(host, facts, [.. ofGroup, .. own], $"{string.Join(", ", ofGroup.Select(part => part.Path))}");
    }

    private static Finding WhyNot(HostFacts host, DeviceFacts facts, HostNode[] nodes, string ofGroup)
    {
        if (Array.Find(nodes, node => node.Trouble is not null) is HostNode node)
        {
            return new Finding(Nodes, FindingLevel.Blocks, $"{node.Path} {node.Trouble}")
            {
                Why = "a device is opened by its nodes, and a container has nodes of its own: those that it was started with",
                Advice = $"start the container anew, with --device for each: {ofGroup}",
            };
        }

        if (facts.GroupNode is null && facts.OwnNode is null)
        {
            return new Finding(Nodes, FindingLevel.Blocks, $"{facts.Device.Driver} has it, but there is no node for it in /dev/vfio")
            {
                Why = "a device is opened by its node",
                Advice = "the kernel makes it in devtmpfs: in a container, /dev/vfio must be passed in",
            };
        }

        HostNode[] closed = [.. nodes.Where(part => !part.MayUse)];
        if (host.IsRoot && closed.Length != 0)
        {
            return new Finding(Nodes, FindingLevel.Blocks, $"not even root may open {string.Join(", ", closed.Select(part => part.Path))}")
            {
                Why = "a container may open the nodes alone that it was started with (its control group's list of devices)",
                Advice = "start the container with --device for each of them",
            };
        }

        return new Finding(Nodes, FindingLevel.Blocks, closed.Length == 0
            ? "neither /dev/vfio/vfio nor /dev/iommu is there"
            : $"this user may not open {string.Join(", ", closed.Select(part => $"{part.Path} (of {part.Owner})"))}")
        {
            Why = "opening fails with EACCES",
            Fix = closed.Length == 0 ? "sudo modprobe vfio_iommu_type1" : $"sudo vfio bind --user $USER {facts.Device.Address}",
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
