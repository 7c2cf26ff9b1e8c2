using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents a device model, which exists only in this process: each command creates a new one.</summary>
internal sealed record ModelTarget : DeviceTarget
{
    /// <summary>The prefix of the names of device models.</summary>
    public const string Prefix = "emu:";

    private static readonly (string Name, string Description, Func<DeviceModel> Make)[] Models =
    [
        ("edu", "QEMU's educational device", () => new EduModel()),
    ];

    private readonly DeviceModel _model;

    private ModelTarget(string name, DeviceModel model)
        : base(Prefix + name) => _model = model;

    /// <summary>Gets the names of the device models, each with a short description.</summary>
    public static IEnumerable<(string Name, string Description)> All =>
        Models.Select(model => (Prefix + model.Name, model.Description));

    /// <summary>Creates a device model by its name.</summary>
    /// <param name="text">What the user typed: <c>emu:edu</c>.</param>
    /// <returns>A new device model; <see langword="null"/> if none has this name.</returns>
    public static ModelTarget? Find(string text)
    {
        (string Name, string, Func<DeviceModel> Make) found = Array.Find(Models, model => Prefix + model.Name == text);
        return found.Make is null ? null : new ModelTarget(found.Name, found.Make());
    }

    /// <summary>
    /// Returns the host's devices among several, and reports that device models need no bind and no release.
    /// </summary>
    /// <param name="host">The host, which has the output.</param>
    /// <param name="targets">The devices.</param>
    /// <param name="isJson">Whether standard output is JSON, so that nothing else may be written to it.</param>
    public static PciAddress[] SetApart(CliHost host, IEnumerable<DeviceTarget> targets, bool isJson)
    {
        List<PciAddress> addresses = [];
        foreach (DeviceTarget target in targets)
        {
            if (target is HostTarget device)
            {
                addresses.Add(device.Address);
            }
            else
            {
                (isJson ? TextWriter.Null : host.Out)
                    .WriteLine($"{target.Name} is a device model inside vfio: it needs no bind and no release");
            }
        }

        return [.. addresses];
    }

    public override bool Exists(CliHost host) => true;

    public override DeviceIdentity Identify(CliHost host) =>
        new(Name, _model.Address ?? default, _model.Identity.VendorId, _model.Identity.DeviceId)
        {
            SubsystemVendorId = _model.Identity.SubsystemVendorId,
            SubsystemId = _model.Identity.SubsystemId,
            Class = _model.Identity.Class,
        };

    public override VfioDevice Open(CliHost host) => Backend == VfioBackend.Automatic
        ? _model.Open()
        : throw new CliException(
            $"open: {Name} is a device model in this process, which no kernel backend can open",
            "omit --backend: it is only for devices of the host");

    public override RegisterNames NameRegisters(CliHost host)
    {
        using VfioDevice device = Open(host);
        return new RegisterNames(
            new[] { KnownRegisters.OwnMap(Identify(host)), KnownRegisters.ConfigMap(device) }.OfType<RegisterMap>());
    }

    public override IReadOnlyList<PciResource> ListRegions(CliHost host)
    {
        using VfioDevice device = Open(host);
        return [.. Regions(device)];
    }

    public override ShownDevice Look(CliHost host, bool isWholeConfig)
    {
        using VfioDevice device = Open(host);
        return new ShownDevice
        {
            Identity = Identify(host),
            Revision = _model.Identity.Revision,
            ConfigBytes = KnownRegisters.ReadConfig(device),
            Regions = [.. Regions(device)],
            Map = KnownRegisters.OwnMap(Identify(host)),
        };
    }

    public bool Equals(ModelTarget? other) => other is not null && Name == other.Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    // The low bits of a BAR tell its kind, even if no address is set.
    private static IEnumerable<PciResource> Regions(VfioDevice device)
    {
        _ = PciConfigHeader.TryParse(KnownRegisters.ReadConfig(device), out PciConfigHeader? header);
        for (RegionIndex index = RegionIndex.Bar0; index <= RegionIndex.Rom; index++)
        {
            RegionInfo info = device.GetRegionInfo(index);
            if (info.IsImplemented)
            {
                PciBaseAddress bar = header?.BaseAddresses.FirstOrDefault(bar => bar.Index == index) ?? default;
                yield return index == RegionIndex.Rom
                    ? new PciResource
                    {
                        Role = PciResourceRole.Rom,
                        Number = 0,
                        Address = 0,
                        Length = info.Length,
                        Kind = PciBaseAddressKind.Memory32,
                        IsPrefetchable = false,
                    }
                    : new PciResource
                    {
                        Role = PciResourceRole.Bar,
                        Number = (int)index,
                        Address = bar.Address,
                        Length = info.Length,
                        Kind = bar.Kind,
                        IsPrefetchable = bar.IsPrefetchable,
                    };
            }
        }
    }
}
