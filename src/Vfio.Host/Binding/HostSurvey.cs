using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Judges which devices of a host may be taken, and why others may not. Looks at the host's tables once, so that judging many
/// devices is cheap.
/// </summary>
/// <remarks>A snapshot from when it was made. Opens no device. Not thread-safe.</remarks>
public sealed class HostSurvey
{
    private const int MostNamed = 4;

    private readonly HostRoot _host;
    private readonly DeviceHolders _holders;
    private readonly DiskUse _disks;
    private readonly NetworkUse _network;
    private readonly DisplayUse _displays;
    private readonly ShareUse _shares;
    private DevicesBelow? _below;

    /// <summary>Surveys the running host.</summary>
    public HostSurvey()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Surveys a host.</summary>
    /// <param name="host">Where its <c>/sys</c> and <c>/proc</c> are.</param>
    internal HostSurvey(HostRoot host)
        : this(host, new DeviceHolders(host))
    {
    }

    /// <param name="host">The host.</param>
    /// <param name="holders">Who examines its processes.</param>
    internal HostSurvey(HostRoot host, DeviceHolders holders)
    {
        ArgumentNullException.ThrowIfNull(host);
        (_host, _holders) = (host, holders);
        _disks = new DiskUse(host);
        _network = new NetworkUse(host);
        _displays = new DisplayUse(host);
        _shares = new ShareUse(host);
    }

    /// <summary>The network interfaces that stand on a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> GetInterfaces(PciAddress device) => _network.Interfaces(device);

    /// <summary>The disks and partitions that stand on a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> GetDisks(PciAddress device) => _disks.Disks(device);

    /// <summary>Why a device must not be taken.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Every reason; none where it may be taken, or is taken already.</returns>
    public IReadOnlyList<BindingRefusal> GetRefusals(PciDeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return IsLeavingVfio(device) ? [new BindingRefusal(device.Address, RefusalReason.Busy, "an unbind of it from a VFIO driver has not ended", canForce: false)] : Judge(device, thorough: false);
    }

    /// <summary>Why an IOMMU group must not be bound as a whole (<see cref="BindOptions.WholeGroup"/>).</summary>
    /// <param name="group">The group.</param>
    /// <returns>Every reason, of those of its functions that a driver of the host's has; none where that can be done.</returns>
    public IReadOnlyList<BindingRefusal> GetGroupRefusals(IommuGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return [.. group.GetBlockers().SelectMany(device => JudgeAlong(device, thorough: false))];
    }

    /// <summary>
    /// Whether a function is no endpoint, but has to lose its driver so that its group can be used: a bridge of another kind than to PCI (an ISA bridge
    /// with a watchdog's driver, a host bridge with one for memory errors). VFIO is not given such a function.
    /// </summary>
    internal static bool IsUnboundWithGroup(PciDeviceInfo device) => device is { IsBridge: true, BlocksGroup: true } && HeaderTypeOf(device) == 0;

    /// <summary>Why a function must not lose its driver when its group is bound: other than for <see cref="Judge(PciDeviceInfo, bool)"/>, it may be one of <see cref="IsUnboundWithGroup"/>.</summary>
    internal IReadOnlyList<BindingRefusal> JudgeAlong(PciDeviceInfo device, bool thorough) => IsUnboundWithGroup(device)
        ? [.. RefusalsOfUses(device, thorough, findsHolders: true)]
        : Judge(device, thorough);

    /// <param name="device">The device.</param>
    /// <param name="thorough">Whether to ask also what opens disks or wakes the device: exclusive claims, the header.</param>
    internal IReadOnlyList<BindingRefusal> Judge(PciDeviceInfo device, bool thorough) => Judge(device, thorough, findsHolders: thorough);

    /// <param name="device">The device.</param>
    /// <param name="thorough">Whether to ask also what opens disks or wakes the device: exclusive claims, the header.</param>
    /// <param name="findsHolders">Whether to go through the descriptors of all processes.</param>
    internal IReadOnlyList<BindingRefusal> Judge(PciDeviceInfo device, bool thorough, bool findsHolders)
    {
        if (device.IsBridge || (thorough && HeaderTypeOf(device) is not (null or 0)))
        {
            return [new BindingRefusal(device.Address, RefusalReason.Bridge, "it is a bridge", canForce: false, thorough ? HintForBridge(device) : null)];
        }

        if (device.HasVfioDriver)
        {
            return [];
        }

        List<BindingRefusal> refusals = [];
        if (device.IommuGroup is null)
        {
            refusals.Add(new BindingRefusal(device.Address, RefusalReason.NoIommu, "no IOMMU is in front of it", canForce: false));
        }
        else if (ReservedRegion.Of(device).Any(region => region.IsFirmwares))
        {
            refusals.Add(new BindingRefusal(device.Address, RefusalReason.Reserved, "the firmware uses it for itself (an RMRR), so that the kernel lets no program open it", canForce: true));
        }

        refusals.AddRange(RefusalsOfUses(device, thorough, findsHolders));
        if (device.GetVirtualFunctionCount() is int count and > 0)
        {
            refusals.Add(new BindingRefusal(
                device.Address, RefusalReason.Functions, $"{count} of its virtual functions are switched on", canForce: true));
        }

        return refusals;
    }

    /// <summary>What a person should know who takes a device: what goes with it, and what will keep programs from opening it.</summary>
    internal IEnumerable<string> Warnings(PciDeviceInfo device)
    {
        string[] below = [.. Below(device.Address).Select(address => NamesOf(address) is { Length: > 0 } names ? $"{address} ({names})" : $"{address}")];
        if (below.Length != 0)
        {
            yield return $"behind {device.Address}, and gone with it: {string.Join(", ", below.Take(MostNamed))}{(below.Length > MostNamed ? $" and {below.Length - MostNamed} more" : "")}";
        }

        InputUse input = new(_host);
        if (input.Of(device) is { Length: > 0 } nodes)
        {
            yield return $"behind {device.Address}, and gone with it: {string.Join(", ", nodes.Take(MostNamed))}{(input.HasOnlyKeyboard(device) ? ", and with them the only keyboard of this host" : "")}";
        }
    }

    private string NamesOf(PciAddress address) => string.Join(", ", GetInterfaces(address).Concat(GetDisks(address)));

    private IEnumerable<PciAddress> Below(PciAddress device) => (_below ??= new DevicesBelow(_host)).Of(device);

    private IEnumerable<BindingRefusal> RefusalsOfUses(PciDeviceInfo device, bool thorough, bool findsHolders) => UsesOf(device, thorough)
        .Concat(UsesBelow(device, thorough))
        .Concat(findsHolders ? OpenFiles(device) : [])
        .Select(use => new BindingRefusal(device.Address, use.Reason, use.OfDevice, canForce: true) { Part = use.Part, Holders = use.Holder is DeviceHolder holder ? [holder] : [] });

    private IEnumerable<DeviceUse> UsesOf(PciDeviceInfo device, bool thorough) => _displays.Of(device)
        .Concat(_network.Of(device.Address))
        .Concat(_disks.Of(device.Address, openNodes: thorough))
        .Concat(_shares.Of(device.Address));

    // One line for all of them. Bridges have their own: they are never taken.
    private IEnumerable<DeviceUse> UsesBelow(PciDeviceInfo device, bool thorough)
    {
        PciBus bus = new(_host);
        (PciAddress Address, DeviceUse Use)[] uses = [.. Below(device.Address).Select(bus.Find).OfType<PciDeviceInfo>()
            .SelectMany(child => UsesOf(child, thorough).Select(use => (child.Address, use)))];
        if (uses.Length != 0)
        {
            string[] texts = [.. uses.Take(MostNamed).Select(item => $"{item.Address}, {item.Use.AsPart}")];
            yield return new DeviceUse(uses[0].Use.Reason, Kind: null, uses[0].Use.Part, $"behind it: {string.Join("; ", texts)}{(uses.Length > MostNamed ? $"; and {uses.Length - MostNamed} more" : "")}");
        }
    }

    internal IReadOnlyList<string> OtherNames(PciAddress device) => new HostNames(_host).OtherNames(device);

    internal IReadOnlyList<InterfaceState> InterfaceStates(PciAddress device) =>
        [.. _network.Interfaces(device).Select(name => new InterfaceState { Name = name, IsUp = _network.IsUp(name) })];

    // vfio-pci takes headers of type 0 only.
    private static int? HeaderTypeOf(PciDeviceInfo device)
    {
        Span<byte> config = stackalloc byte[PciConfigHeader.Length];
        return PciConfigHeader.TryParse(config[..device.ReadConfig(config)], out PciConfigHeader? header) && !header.IsAbsent ? header.HeaderType : null;
    }

    // Endpoints that share its group are what can be bound; it then goes along.
    private string? HintForBridge(PciDeviceInfo device)
    {
        if (!IsUnboundWithGroup(device) || device.IommuGroup is not int number || new PciBus(_host).GetGroup(number) is not IommuGroup group)
        {
            return null;
        }

        return group.Devices.FirstOrDefault(other => !other.IsBridge) is not PciDeviceInfo endpoint
            ? "nothing needs it to be bound: it has its group to itself"
            : GetGroupRefusals(group).Count != 0
                ? $"nothing needs it to be bound: vfio doctor {device.Address} says what keeps its group from being "
                    + "bound"
            : $"vfio bind --group {endpoint.Address} binds the endpoints of its group, and unbinds it from "
                + $"{device.Driver} for that time";
    }

    // Nobody of a group has a VFIO driver, but the kernel still has the group's node: it waits for who has it open.
    private bool IsLeavingVfio(PciDeviceInfo device) => device is { Driver: null, IommuGroup: int group } && Directory.Exists(_host.Combine($"sys/class/vfio/{group}"))
        && new PciBus(_host).GetGroup(group)?.Devices.All(other => !other.HasVfioDriver) == true;

    /// <summary>Who has a file of the device open or mapped: a node of it or of what stands below it, its memory; or has one of its virtual functions.</summary>
    internal IReadOnlyList<DeviceHolder> Holders(PciDeviceInfo device)
    {
        IEnumerable<DeviceHolder> ofFunctions = device.GetVirtualFunctions().Where(function => function.HasVfioDriver)
            .SelectMany(function => _holders.GetHolders(function).Select(holder => holder with { Description = $"has its virtual function {function.Address}" }));
        return [.. _holders.Search([.. UsedFiles.Below(_host, device).Where(file => !file.IsInputOnBus)]).Holders, .. ofFunctions];
    }

    private IEnumerable<DeviceUse> OpenFiles(PciDeviceInfo device) => Holders(device).Select(holder => new DeviceUse(RefusalReason.Open, $"{holder} {holder.Description}{HowToStop(holder)}") { Holder = holder });

    // A service that starts again when it is killed is named as such; comm has 15 characters.
    private static string HowToStop(DeviceHolder holder) => holder.Command == "nvidia-persiste" ? " (sudo systemctl stop nvidia-persistenced)" : "";
}
