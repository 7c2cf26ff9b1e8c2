using System.Globalization;

namespace Vfio.Host;

/// <summary>Whether an IOMMU is there, on, and translates; else why not.</summary>
internal static class IommuJudge
{
    private const FindingTopic Topic = FindingTopic.Iommu;
    private const string Why = "without an IOMMU a device reaches all memory of the host: VFIO gives none away, and binding fails with -22 (EINVAL)";
    private const string Firmware = "switch VT-d or AMD-Vi (IOMMU) on in the firmware's setup; a virtual machine gets one from its hypervisor (QEMU: -device intel-iommu)";

    public static Finding Judge(HostFacts host) => host.Groups > 0 ? new Finding(Topic, FindingLevel.Ok, Describe(host)) : Absent(host) with { Reason = Why };

    private static string Describe(HostFacts host)
    {
        string names = host.Iommus.Count == 0 ? "" : $" ({string.Join(", ", host.Iommus.Take(4))}{(host.Iommus.Count > 4 ? ", …" : "")})";
        string bits = host.VtdAddressBits is int width ? string.Create(CultureInfo.InvariantCulture, $", addresses of {width} bits") : "";
        return string.Create(CultureInfo.InvariantCulture, $"an IOMMU is on{names}: {host.Groups} group{(host.Groups == 1 ? "" : "s")}{bits}");
    }

    private static Finding Absent(HostFacts host)
    {
        bool isListed = host.FirmwareTables is null || host.FirmwareTables.Any(IsIommuTable);
        if (host.IsInNoIommuMode)
        {
            return new Finding(Topic, FindingLevel.Warning, "no IOMMU is on, and the kernel is in its mode for that: whoever has a device reaches all memory")
            {
                Command = "echo N | sudo tee /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
                Advice = isListed ? "and switch the IOMMU on" : Firmware,
            };
        }

        // A switch is the cause only where there is something to switch.
        if (isListed && Switch(host.Arguments) is string argument)
        {
            return Blocks($"the IOMMU is off: {argument} is on the kernel's command line") with
            {
                Command = host.Arguments.HowToRemove(argument),
                Advice = host.Arguments.AdviceToRemove(argument),
            };
        }

        if (host.Iommus.Count != 0)
        {
            return Blocks($"the kernel found the IOMMU {host.Iommus[0]} and gave it up: no device is behind it") with
            {
                Advice = "its log says why: sudo dmesg | grep -i iommu",
            };
        }

        return host.FirmwareTables switch
        {
            null => Blocks("no IOMMU is on") with
            {
                Command = host.Arguments.HowToAdd("intel_iommu=on"),
                Advice = $"{Firmware}; on Intel also intel_iommu=on on the kernel's command line, {KernelArguments.Restart}",
            },
            { } tables when tables.Contains("DMAR") => Blocks("the firmware offers VT-d, but the kernel has not switched it on") with
            {
                Command = host.Arguments.HowToAdd("intel_iommu=on"),
                Advice = host.Arguments.AdviceToAdd("intel_iommu=on"),
            },
            { } tables when tables.Any(IsIommuTable) => Blocks("the firmware offers an IOMMU, but the kernel does not use it") with
            {
                Advice = "its log says why: sudo dmesg | grep -i -e AMD-Vi -e iommu",
            },
            _ => Blocks("this host has no IOMMU: its firmware lists none") with { Advice = Firmware },
        };
    }

    private static Finding Blocks(string what) => new(Topic, FindingLevel.Error, what);

    // ACPI's tables of Intel, AMD, Arm and virtio.
    private static bool IsIommuTable(string name) => name is "DMAR" or "IVRS" or "IORT" or "VIOT";

    private static string? Switch(KernelArguments arguments) =>
        arguments.Holding("intel_iommu", "off", "on") ?? arguments.Holding("amd_iommu", "off", "on") ?? arguments.Holding("iommu", "off", "on", "force");
}
