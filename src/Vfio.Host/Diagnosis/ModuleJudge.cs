namespace Vfio.Host;

/// <summary>Judges whether the kernel has VFIO: the driver, and an interface for address spaces.</summary>
internal static class ModuleJudge
{
    /// <summary>Judges the modules.</summary>
    /// <param name="host">The host.</param>
    /// <param name="isTaken">Whether the diagnosis is about a device that is bound to a VFIO driver.</param>
    public static IEnumerable<Finding> Judge(HostFacts host, bool isTaken)
    {
        if (JudgeDriver(host) is Finding driver)
        {
            yield return driver;
        }

        if (host.IommufdNode is null
            && host.Type1 == ModuleState.Missing
            && host.Iommufd == ModuleState.Missing
            && host.HasModules)
        {
            yield return new Finding(
                FindingTopic.AddressSpace,
                FindingLevel.Error,
                $"this kernel ({host.KernelRelease}) has neither iommufd nor vfio_iommu_type1")
            {
                Reason = "one of them is needed to give a device an address space",
                Advice = "use another kernel; the kernels of distributions have one",
            };
            yield break;
        }

        bool isNeither = host.IommufdNode is null
            && host.Iommufd is ModuleState.Missing or ModuleState.Loadable
            && host.Type1 is ModuleState.Missing or ModuleState.Loadable
            && host.HasModules;
        if (isNeither)
        {
            string module = host.Type1 == ModuleState.Loadable ? "vfio_iommu_type1" : "iommufd";
            yield return isTaken
                ? new Finding(
                    FindingTopic.AddressSpace,
                    FindingLevel.Error,
                    $"{module}, which gives devices their address space, is not loaded")
                {
                    Reason = "opening a device fails without one",
                    Command = $"sudo modprobe {module}",
                }
                : new Finding(
                    FindingTopic.AddressSpace,
                    FindingLevel.Ok,
                    $"{module}, which gives devices their address space, is not loaded; vfio bind loads it");
        }

        yield return JudgeIommufd(host);
    }

    private static Finding JudgeIommufd(HostFacts host) => host.IommufdNode is not null
        ? new Finding(FindingTopic.Iommufd, FindingLevel.Ok, "the kernel has iommufd (/dev/iommu)")
        : host.Iommufd == ModuleState.Loadable
            ? new Finding(
                FindingTopic.Iommufd,
                FindingLevel.Info,
                "iommufd is not loaded, so devices are opened through their groups")
            {
                Reason = "iommufd does not limit the number of mappings, and devices of one group need "
                    + "not be opened together",
                Command = "sudo modprobe iommufd",
            }
            : new Finding(
                FindingTopic.Iommufd,
                FindingLevel.Ok,
                "this kernel has no iommufd, so devices are opened through their groups (type1), which is enough");

    // If something keeps the module from being loaded, the judge of obstacles reports it.
    private static Finding? JudgeDriver(HostFacts host)
    {
        const FindingTopic Topic = FindingTopic.VfioPci;
        return host.VfioPci switch
        {
            ModuleState.Loaded => new Finding(Topic, FindingLevel.Ok, "vfio-pci is loaded"),
            ModuleState.BuiltIn => new Finding(Topic, FindingLevel.Ok, "vfio-pci is built into the kernel"),
            ModuleState.Loadable => host.Obstacles.Any(
                obstacle => obstacle.Reason is RefusalReason.ModuleBanned or RefusalReason.ModulesDisabled)
                ? null
                : new Finding(Topic, FindingLevel.Ok, "vfio-pci is not loaded; vfio bind loads it"),
            _ when !host.HasModules => new Finding(
                Topic,
                FindingLevel.Error,
                $"the modules of the running kernel ({host.KernelRelease}) are not in /lib/modules, including vfio-pci")
            {
                Reason = "vfio-pci is the driver through which programs open devices; an update may have replaced the "
                    + "kernel since the boot",
                Command = "sudo reboot",
                Advice = "in a container: load vfio-pci on the host",
            },
            _ => new Finding(
                Topic, FindingLevel.Error, $"this kernel ({host.KernelRelease}) does not have the module vfio-pci")
            {
                Reason = "it is the driver through which programs open devices",
                Advice = "install all modules of this kernel: on Debian linux-image-amd64 instead of a cloud kernel, "
                    + "on Ubuntu linux-modules-extra-$(uname -r), on Fedora kernel-modules",
            },
        };
    }
}
