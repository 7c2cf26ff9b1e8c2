using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>A device model, which lives in this process and as long as it: the next command finds a new one.</summary>
internal sealed record ModelTarget : DeviceTarget
{
    /// <summary>What the name of a model begins with.</summary>
    public const string Prefix = "emu:";

    private static readonly (string Name, string Description, Func<DeviceModel> Make)[] Models =
    [
        ("edu", "QEMU's educational device", () => new EduModel()),
    ];

    private readonly DeviceModel _model;

    private ModelTarget(string name, DeviceModel model)
        : base(Prefix + name) => _model = model;

    /// <summary>The models there are, with a few words about each.</summary>
    public static IEnumerable<(string Name, string Description)> All => Models.Select(model => (Prefix + model.Name, model.Description));

    /// <summary>Finds a model.</summary>
    /// <param name="text">What the user typed: <c>emu:edu</c>.</param>
    /// <returns>A new one; <see langword="null"/> where none has this name.</returns>
    public static ModelTarget? Find(string text)
    {
        (string Name, string, Func<DeviceModel> Make) found = Array.Find(Models, model => Prefix + model.Name == text);
        return found.Make is null ? null : new ModelTarget(found.Name, found.Make());
    }

    /// <summary>The host's devices among several; says of models that they are neither taken nor handed back.</summary>
    /// <param name="host">Where to say so.</param>
    /// <param name="targets">The devices.</param>
    /// <param name="isJson">Whether standard output is for a program.</param>
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
                (isJson ? TextWriter.Null : host.Out).WriteLine($"{target.Name} is a model in vfio itself: nothing to take, nothing to hand back");
            }
        }

        return [.. addresses];
    }

    public override bool Exists(CliHost host) => true;

    public override DeviceIdentity Identify(CliHost host) => new(Name, _model.Address ?? default, _model.Identity.VendorId, _model.Identity.DeviceId)
    {
        SubsystemVendorId = _model.Identity.SubsystemVendorId,
        SubsystemId = _model.Identity.SubsystemId,
        Class = _model.Identity.Class,
    };

    public override VfioDevice Open(CliHost host) => Backend == VfioBackend.Automatic
        ? _model.Open()
        : throw new CliException($"open: {Name} is a model in this process: no backend of the kernel's leads to it", "--backend is for devices of the host");

    public override RegisterNames NameRegisters(CliHost host)
    {
        using VfioDevice device = Open(host);
        return new RegisterNames(new[] { KnownRegisters.OwnMap(Identify(host)), KnownRegisters.ConfigMap(device) }.OfType<RegisterMap>());
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

    // What kind a BAR is stands in its low bits, also where no address is set.
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
