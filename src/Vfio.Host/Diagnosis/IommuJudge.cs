using System.Globalization;

namespace Vfio.Host;

/// <summary>Judges whether there is an IOMMU that is on and translates, and if not, why.</summary>
internal static class IommuJudge
{
    private const FindingTopic Topic = FindingTopic.Iommu;
    private const string Why = "without an IOMMU a device could reach all memory of the host, so VFIO refuses it: "
        + "binding fails with -22 (EINVAL)";
    private const string Firmware = "enable VT-d or AMD-Vi (IOMMU) in the firmware's setup; a virtual machine gets an "
        + "IOMMU from its hypervisor (QEMU: -device intel-iommu)";

    public static Finding Judge(HostFacts host) =>
        host.Groups > 0 ? new Finding(Topic, FindingLevel.Ok, Describe(host)) : Absent(host) with { Reason = Why };

    private static string Describe(HostFacts host)
    {
        string names = host.Iommus.Count == 0
            ? ""
            : $" ({string.Join(", ", host.Iommus.Take(4))}{(host.Iommus.Count > 4 ? ", …" : "")})";
        string bits = host.VtdAddressBits is int width
            ? string.Create(CultureInfo.InvariantCulture, $", {width}-bit addresses")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"an IOMMU is on{names}: {host.Groups} group{(host.Groups == 1 ? "" : "s")}{bits}");
    }

    private static Finding Absent(HostFacts host)
    {
        bool isListed = host.FirmwareTables is null || host.FirmwareTables.Any(IsIommuTable);
        if (host.IsInNoIommuMode)
        {
            return new Finding(
                Topic,
                FindingLevel.Warning,
                "no IOMMU is on, and the kernel's no-IOMMU mode is: a program that opens a device can reach all memory")
            {
                Command = "echo N | sudo tee /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
                Advice = isListed ? "then enable the IOMMU" : Firmware,
            };
        }

        // The argument is the cause only if there is an IOMMU to enable.
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
            return Blocks(
                $"the kernel found the IOMMU {host.Iommus[0]} but does not use it: no device is behind it") with
            {
                Advice = "see the kernel's log: sudo dmesg | grep -i iommu",
            };
        }

        return OfFirmware(host);
    }

    private static Finding OfFirmware(HostFacts host) => host.FirmwareTables switch
    {
        null => Blocks("no IOMMU is on") with
        {
            Command = host.Arguments.HowToAdd("intel_iommu=on"),
            Advice = $"{Firmware}; on Intel, also add intel_iommu=on to the kernel's command line, "
                + $"{KernelArguments.Restart}",
        },
        { } tables when tables.Contains("DMAR") =>
            Blocks("the firmware offers VT-d, but the kernel has not enabled it") with
            {
                Command = host.Arguments.HowToAdd("intel_iommu=on"),
                Advice = host.Arguments.AdviceToAdd("intel_iommu=on"),
            },
        { } tables when tables.Any(IsIommuTable) =>
            Blocks("the firmware offers an IOMMU, but the kernel does not use it") with
            {
                Advice = "see the kernel's log: sudo dmesg | grep -i -e AMD-Vi -e iommu",
            },
        _ => Blocks("this host has no IOMMU: its firmware lists none") with { Advice = Firmware },
    };

    private static Finding Blocks(string what) => new(Topic, FindingLevel.Error, what);

    // The ACPI tables for Intel, AMD, Arm and virtio.
    private static bool IsIommuTable(string name) => name is "DMAR" or "IVRS" or "IORT" or "VIOT";

    private static string? Switch(KernelArguments arguments) =>
        arguments.Holding("intel_iommu", "off", "on")
        ?? arguments.Holding("amd_iommu", "off", "on")
        ?? arguments.Holding("iommu", "off", "on", "force");
}
