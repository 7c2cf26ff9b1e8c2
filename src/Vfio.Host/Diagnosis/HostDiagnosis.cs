using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Whether a host can do VFIO, and whether one of its devices can be taken and used: what was found, with reasons and remedies.</summary>
/// <remarks>
/// A snapshot. Only looks: opens no device and needs no root; what this user could not see is <see cref="FindingLevel.Unknown"/>. Reads configuration
/// space of a named device and of bridges above it, which may wake them. Any thread.
/// </remarks>
/// <example>
/// <code>
/// HostDiagnosis diagnosis = HostDiagnosis.Examine(PciAddress.Parse("0000:00:14.3"));
/// if (!diagnosis.IsUsable)
/// {
///     Console.WriteLine($"{diagnosis.Findings[0].What}: {diagnosis.Findings[0].Fix}");
/// }
/// </code>
/// </example>
public sealed class HostDiagnosis
{
    private HostDiagnosis(PciDeviceInfo? device, IReadOnlyList<Finding> findings)
    {
        Device = device;
        Findings = findings;
    }

    /// <summary>The device that was asked about; <see langword="null"/> where the host alone was.</summary>
    public PciDeviceInfo? Device { get; }

    /// <summary>
    /// What was found: what blocks first, and of that the cause first. What only follows from another finding is left out.
    /// </summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>Whether nothing blocks.</summary>
    public bool IsUsable => Findings.All(finding => finding.Level != FindingLevel.Error);

    /// <summary>Looks at the host.</summary>
    /// <returns>What was found.</returns>
    public static HostDiagnosis Examine() => Examine(HostRoot.Default);

    /// <summary>Looks at the host and at a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>What was found of both.</returns>
    /// <exception cref="VfioException">The host has no such device.</exception>
    public static HostDiagnosis Examine(PciAddress device) => Examine(device, HostRoot.Default);

    internal static HostDiagnosis Examine(HostRoot host) => new(null, Judge(HostFacts.Read(host), null));

    internal static HostDiagnosis Examine(PciAddress device, HostRoot host)
    {
        DeviceFacts facts = DeviceFacts.Read(host, new PciBus(host).Get(device));
        return new HostDiagnosis(facts.Device, Judge(HostFacts.Read(host), facts));
    }

    /// <summary>The judgement, of facts alone.</summary>
    internal static IReadOnlyList<Finding> Judge(HostFacts host, DeviceFacts? device)
    {
        List<Finding> findings = [IommuJudge.Judge(host)];
        // Without an IOMMU nothing else that could be said is the cause: no groups, no nodes, no interrupts to remap.
        bool hasIommu = findings[0].Level == FindingLevel.Ok;
        if (hasIommu)
        {
            findings.Add(InterruptJudge.Judge(host));
        }

        findings.AddRange(ModuleJudge.Judge(host, device is { Device.HasVfioDriver: true }));
        findings.AddRange(ObstacleJudge.Judge(host, device));
        if (device is not null)
        {
            findings.AddRange(GroupJudge.Judge(device, hasIommu));
            findings.AddRange(UseJudge.Judge(host, device));
            findings.AddRange(DeviceJudge.Judge(device));
        }

        findings.AddRange(MemoryJudge.Judge(host));
        findings.AddRange(SuspectJudge.Judge(host));
        return [.. findings.OrderBy(finding => finding.Level)];
    }
}
