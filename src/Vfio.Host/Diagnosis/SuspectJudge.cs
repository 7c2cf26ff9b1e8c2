namespace Vfio.Host;

/// <summary>Reports what is often suspected wrongly, and one setting that should be suspected more often.</summary>
internal static class SuspectJudge
{
    private const string Override = "pcie_acs_override";

    public static IEnumerable<Finding> Judge(HostFacts host)
    {
        if (host.Arguments.Last(Override) is string argument && host.Groups > 0)
        {
            yield return new Finding(
                FindingTopic.AcsOverride,
                FindingLevel.Warning,
                $"{argument} is on the kernel's command line: groups are smaller than what the "
                + $"hardware really isolates")
            {
                Reason = "devices can reach each other past the IOMMU, and through each other the memory of the host",
                Command = host.Arguments.HowToRemove(argument),
                Advice = host.Arguments.AdviceToRemove(argument),
            };
        }

        if (host.PassedThroughGroups > 0)
        {
            string cause = (host.Arguments.Holding("iommu", "pt", "nopt")
                ?? host.Arguments.Last("iommu.passthrough")) is string word
                ? $"{word} is"
                : "passthrough is";
            yield return new Finding(
                FindingTopic.Passthrough,
                FindingLevel.Ok,
                $"{cause} not a problem: it applies to the host's own drivers, and VFIO's DMA is translated anyway");
        }

        if (host.Lockdown is string mode)
        {
            yield return new Finding(
                FindingTopic.Lockdown,
                FindingLevel.Ok,
                $"the kernel is locked down ({mode}), which is not a problem: it forbids /dev/mem and setpci, but not "
                + $"VFIO, whose devices are confined by the IOMMU");
        }

        if (host.HasSecureBoot)
        {
            yield return new Finding(
                FindingTopic.SecureBoot,
                FindingLevel.Ok,
                "Secure Boot is on, which is not a problem: vfio-pci is signed like the rest of the kernel");
        }
    }
}
