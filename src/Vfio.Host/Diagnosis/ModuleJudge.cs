namespace Vfio.Host;

/// <summary>Whether the kernel has VFIO: the driver for devices, and a way to give them an address space.</summary>
internal static class ModuleJudge
{
    /// <param name="host">The host.</param>
    /// <param name="isTaken">Whether it is about a device that a VFIO driver has.</param>
    public static IEnumerable<Finding> Judge(HostFacts host, bool isTaken)
    {
        if (JudgeDriver(host) is Finding driver)
        {
            yield return driver;
        }

        if (host.IommufdNode is null && host.Type1 == ModuleState.Missing && host.Iommufd == ModuleState.Missing && host.HasModules)
        {
            yield return new Finding(FindingTopic.AddressSpace, FindingLevel.Error, $"this kernel ({host.KernelRelease}) has neither iommufd nor vfio_iommu_type1")
            {
                Reason = "one of them gives a device its address space",
                Advice = "take another kernel; distributions' kernels have one",
            };
            yield break;
        }

        bool isNeither = host.IommufdNode is null && host.Iommufd is ModuleState.Missing or ModuleState.Loadable && host.Type1 is ModuleState.Missing or ModuleState.Loadable && host.HasModules;
        if (isNeither)
        {
            string module = host.Type1 == ModuleState.Loadable ? "vfio_iommu_type1" : "iommufd";
            yield return isTaken
                ? new Finding(FindingTopic.AddressSpace, FindingLevel.Error, $"{module} is not loaded, which gives devices their address space")
                {
                    Reason = "an open fails without one",
                    Command = $"sudo modprobe {module}",
                }
                : new Finding(FindingTopic.AddressSpace, FindingLevel.Ok, $"{module} is not loaded, which gives devices their address space; vfio bind loads it");
        }

        yield return host.IommufdNode is not null
            ? new Finding(FindingTopic.Iommufd, FindingLevel.Ok, "the kernel has iommufd (/dev/iommu)")
            : host.Iommufd == ModuleState.Loadable
                ? new Finding(FindingTopic.Iommufd, FindingLevel.Info, "iommufd is not loaded: devices are opened by their groups")
                {
                    Reason = "iommufd has no limit to the number of mappings, and devices of one group need not be opened together",
                    Command = "sudo modprobe iommufd",
                }
                : new Finding(FindingTopic.Iommufd, FindingLevel.Ok, "this kernel has no iommufd: devices are opened by their groups (type1), which is enough");
    }

    // What keeps it from being loaded is an obstacle, and another's to say.
    private static Finding? JudgeDriver(HostFacts host)
    {
        const FindingTopic Topic = FindingTopic.VfioPci;
        return host.VfioPci switch
        {
            ModuleState.Loaded => new Finding(Topic, FindingLevel.Ok, "vfio-pci is loaded"),
            ModuleState.BuiltIn => new Finding(Topic, FindingLevel.Ok, "vfio-pci is part of the kernel"),
            ModuleState.Loadable => host.Obstacles.Any(obstacle => obstacle.Reason is RefusalReason.ModuleBanned or RefusalReason.ModulesDisabled) ? null
                : new Finding(Topic, FindingLevel.Ok, "vfio-pci is not loaded; vfio bind loads it"),
            _ when !host.HasModules => new Finding(Topic, FindingLevel.Error, $"the modules of the running kernel ({host.KernelRelease}) are not in /lib/modules, vfio-pci among them")
            {
                Reason = "vfio-pci is the driver that gives devices to programs; an update may have replaced the kernel since the start",
                Command = "sudo reboot",
                Advice = "in a container: load vfio-pci on the host",
            },
            _ => new Finding(Topic, FindingLevel.Error, $"this kernel ({host.KernelRelease}) has no module vfio-pci")
            {
                Reason = "it is the driver that gives devices to programs",
                Advice = "install all modules of this kernel: on Debian linux-image-amd64 in place of a cloud kernel, on Ubuntu linux-modules-extra-$(uname -r), on Fedora kernel-modules",
            },
        };
    }
}
