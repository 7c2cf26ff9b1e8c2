namespace Vfio.Host;

/// <summary>What people suspect, and what is none of it; and one thing that should be suspected more often.</summary>
internal static class SuspectJudge
{
    private const string Override = "pcie_acs_override";

    public static IEnumerable<Finding> Judge(HostFacts host)
    {
        if (host.Arguments.Last(Override) is string argument && host.Groups > 0)
        {
            yield return new Finding(FindingTopic.AcsOverride, FindingLevel.Warning, $"{argument} is on the kernel's command line: groups are smaller than the hardware keeps devices apart")
            {
                Reason = "devices can reach each other, and memory of the host by way of each other, past the IOMMU",
                Command = host.Arguments.HowToRemove(argument),
                Advice = host.Arguments.AdviceToRemove(argument),
            };
        }

        if (host.PassedThroughGroups > 0)
        {
            string cause = (host.Arguments.Holding("iommu", "pt", "nopt") ?? host.Arguments.Last("iommu.passthrough")) is string word ? $"{word} is" : "passthrough is";
            yield return new Finding(FindingTopic.Passthrough, FindingLevel.Ok, $"{cause} no hindrance: it is for the host's own drivers, and what VFIO takes is translated all the same");
        }

        if (host.Lockdown is string mode)
        {
            yield return new Finding(FindingTopic.Lockdown, FindingLevel.Ok, $"the kernel is locked down ({mode}), which is no hindrance: it forbids /dev/mem and setpci, not VFIO, whose devices the IOMMU confines");
        }

        if (host.HasSecureBoot)
        {
            yield return new Finding(FindingTopic.SecureBoot, FindingLevel.Ok, "Secure Boot is on, which is no hindrance: vfio-pci is signed as the rest of the kernel is");
        }
    }
}
