using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>What the command tells: of the host, of a device of it, or of a model.</summary>
/// <param name="Name">The device, as it was named or as its address; <see langword="null"/> for the host alone.</param>
/// <param name="Findings">What was found, in order.</param>
internal sealed record Diagnosis(string? Name, IReadOnlyList<Finding> Findings)
{
    /// <summary>What the device is; <see langword="null"/> for the host alone.</summary>
    public DeviceIdentity? Identity { get; init; }

    /// <summary>The host's side of it; <see langword="null"/> for a model.</summary>
    public PciDeviceInfo? Device { get; init; }

    public bool IsModel { get; init; }

    public bool IsUsable => Findings.All(finding => finding.Level != FindingLevel.Error);

    /// <summary>How it ends, in a sentence about the host or the device.</summary>
    public string Verdict => (Name, IsUsable) switch
    {
        (null, true) => "this host can do VFIO",
        (null, false) => "this host cannot do VFIO",
        (_, true) => Device is { HasVfioDriver: false } ? "can be taken and used" : IsModel ? "can be used" : "is taken and can be used",
        (_, false) => Device is { HasVfioDriver: true } ? "is taken, but cannot be used" : "cannot be taken and used",
    };

    /// <summary>Looks.</summary>
    /// <exception cref="VfioException">There is no such device.</exception>
    public static Diagnosis Make(CliHost host, DeviceTarget? target)
    {
        if (target is HostTarget { Address: PciAddress address })
        {
            HostDiagnosis found = HostDiagnosis.Examine(address, host.Root);
            return new Diagnosis(target.Name, found.Findings) { Identity = DeviceIdentity.Of(found.Device!), Device = found.Device };
        }

        return target is null
            ? new Diagnosis(null, HostDiagnosis.Examine(host.Root).Findings)
            : new Diagnosis(target.Name, [new Finding(FindingTopic.Model, FindingLevel.Ok, "a model in vfio itself: it needs no IOMMU, no driver and no root")])
            {
                Identity = target.Identify(host),
                IsModel = true,
            };
    }
}
