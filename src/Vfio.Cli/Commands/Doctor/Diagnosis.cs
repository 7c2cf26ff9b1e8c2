using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents the findings about the host, about one of its devices, or about a device model.</summary>
/// <param name="Name">The device, by the name the user gave or by its address; <see langword="null"/> if only the host
/// is diagnosed.</param>
/// <param name="Findings">The findings, in order.</param>
internal sealed record Diagnosis(string? Name, IReadOnlyList<Finding> Findings)
{
    /// <summary>Gets the identity of the device; <see langword="null"/> if only the host is diagnosed.</summary>
    public DeviceIdentity? Identity { get; init; }

    /// <summary>Gets the device as the host sees it; <see langword="null"/> for a device model.</summary>
    public PciDeviceInfo? Device { get; init; }

    public bool IsModel { get; init; }

    public bool IsUsable => Findings.All(finding => finding.Level != FindingLevel.Error);

    /// <summary>Gets the result in a few words about the host or the device.</summary>
    public string Verdict => (Name, IsUsable) switch
    {
        (null, true) => "this host supports VFIO",
        (null, false) => "this host does not support VFIO",
        (_, true) => Device is { HasVfioDriver: false } ? "can be bound and used"
            : IsModel ? "can be used"
            : "is bound and can be used",
        (_, false) => Device is { HasVfioDriver: true } ? "is bound, but cannot be used" : "cannot be bound and used",
    };

    /// <summary>Examines the host and, if there is one, the device.</summary>
    /// <exception cref="VfioException">The device does not exist.</exception>
    public static Diagnosis Make(CliHost host, DeviceTarget? target)
    {
        if (target is HostTarget { Address: PciAddress address })
        {
            HostDiagnosis found = HostDiagnosis.Examine(address, host.Root);
            return new Diagnosis(target.Name, found.Findings)
            {
                Identity = DeviceIdentity.Of(found.Device!),
                Device = found.Device,
            };
        }

        return target is null
            ? new Diagnosis(null, HostDiagnosis.Examine(host.Root).Findings)
            : new Diagnosis(target.Name, [new Finding(
                FindingTopic.Model,
                FindingLevel.Ok,
                "a device model inside vfio: it needs no IOMMU, no driver and no root")])
            {
                Identity = target.Identify(host),
                IsModel = true,
            };
    }
}
