using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Examines whether a host can use VFIO, and whether one of its devices can be bound and used. The findings have
/// reasons and remedies.
/// </summary>
/// <remarks>
/// A snapshot. Only reads: opens no device and needs no root. What this user cannot read is
/// <see cref="FindingLevel.Unknown"/>. Reads the configuration space of a named device and of the bridges above it,
/// which may wake them. Thread-safe.
/// </remarks>
/// <example>
/// <code>
/// HostDiagnosis diagnosis = HostDiagnosis.Examine(PciAddress.Parse("0000:00:14.3"));
/// if (!diagnosis.IsUsable)
/// {
///     Console.WriteLine($"{diagnosis.Findings[0].Message}: {diagnosis.Findings[0].Advice}");
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

    /// <summary>Gets the device that was examined; <see langword="null"/> if only the host was.</summary>
    public PciDeviceInfo? Device { get; }

    /// <summary>
    /// Gets the findings: errors first, and among them the cause first. What only follows from another finding is left
    /// out.
    /// </summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>Gets whether there is no error.</summary>
    public bool IsUsable => Findings.All(finding => finding.Level != FindingLevel.Error);

    /// <summary>Examines the host.</summary>
    /// <returns>The findings.</returns>
    public static HostDiagnosis Examine() => Examine(HostRoot.Default);

    /// <summary>Examines the host and a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The findings about both.</returns>
    /// <exception cref="VfioException">The host has no such device.</exception>
    public static HostDiagnosis Examine(PciAddress device) => Examine(device, HostRoot.Default);

    internal static HostDiagnosis Examine(HostRoot host) => new(null, Judge(HostFacts.Read(host), null));

    internal static HostDiagnosis Examine(PciAddress device, HostRoot host)
    {
        DeviceFacts facts = DeviceFacts.Read(host, new PciBus(host).Get(device));
        return new HostDiagnosis(facts.Device, Judge(HostFacts.Read(host), facts));
    }

    /// <summary>Judges facts that were read before.</summary>
    internal static IReadOnlyList<Finding> Judge(HostFacts host, DeviceFacts? device)
    {
        List<Finding> findings = [IommuJudge.Judge(host)];
        // Without an IOMMU, there are no groups, no nodes and no interrupts to remap, so nothing else can be the cause.
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
