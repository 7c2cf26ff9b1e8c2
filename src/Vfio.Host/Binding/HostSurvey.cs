using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Judges which devices of a host can be bound, and why others cannot. Reads the host's tables once, so that judging
/// many devices is cheap.
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

    /// <summary>Surveys the given host.</summary>
    /// <param name="host">Where its <c>/sys</c> and <c>/proc</c> are.</param>
    internal HostSurvey(HostRoot host)
        : this(host, new DeviceHolders(host))
    {
    }

    /// <param name="host">The host.</param>
    /// <param name="holders">Finds the holders of its devices.</param>
    internal HostSurvey(HostRoot host, DeviceHolders holders)
    {
        ArgumentNullException.ThrowIfNull(host);
        (_host, _holders) = (host, holders);
        _disks = new DiskUse(host);
        _network = new NetworkUse(host);
        _displays = new DisplayUse(host);
        _shares = new ShareUse(host);
    }

    /// <summary>Gets the network interfaces of a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> GetInterfaces(PciAddress device) => _network.Interfaces(device);

    /// <summary>Gets the disks and partitions of a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> GetDisks(PciAddress device) => _disks.Disks(device);

    /// <summary>Gets the reasons why a device cannot be bound.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Every reason; empty if the device can be bound, or is bound already.</returns>
    public IReadOnlyList<BindingRefusal> GetRefusals(PciDeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return IsLeavingVfio(device)
            ? [new BindingRefusal(
                device.Address, RefusalReason.Busy, "it is still being unbound from a VFIO driver", canForce: false)]
            : Judge(device, thorough: false);
    }

    /// <summary>
    /// Gets the reasons why an IOMMU group cannot be bound as a whole (<see cref="BindOptions.WholeGroup"/>).
    /// </summary>
    /// <param name="group">The group.</param>
    /// <returns>
    /// Every reason, for each device of the group that is bound to a driver of the host; empty if the group can be
    /// bound.
    /// </returns>
    public IReadOnlyList<BindingRefusal> GetGroupRefusals(IommuGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return [.. group.GetBlockers().SelectMany(device => JudgeWithGroup(device, thorough: false))];
    }

    /// <summary>
    /// Gets whether a device is not an endpoint, but has to lose its driver so that its group can be used: a bridge of
    /// another kind than PCI-to-PCI (an ISA bridge with a watchdog driver, a host bridge with a driver for memory
    /// errors). Such a device is unbound, but not bound to VFIO.
    /// </summary>
    internal static bool IsUnboundWithGroup(PciDeviceInfo device) =>
        device is { IsBridge: true, BlocksGroup: true } && HeaderTypeOf(device) == 0;

    /// <summary>
    /// Gets the reasons why a device cannot lose its driver when its group is bound. Unlike for
    /// <see cref="Judge(PciDeviceInfo, bool)"/>, a device of <see cref="IsUnboundWithGroup"/> is allowed.
    /// </summary>
    internal IReadOnlyList<BindingRefusal> JudgeWithGroup(PciDeviceInfo device, bool thorough) =>
        IsUnboundWithGroup(device)
            ? [.. RefusalsOfUses(device, thorough, findsHolders: true)]
            : Judge(device, thorough);

    /// <param name="device">The device.</param>
    /// <param name="thorough">
    /// Whether to check also what opens disks or wakes the device: exclusive claims, the header.
    /// </param>
    internal IReadOnlyList<BindingRefusal> Judge(PciDeviceInfo device, bool thorough) =>
        Judge(device, thorough, findsHolders: thorough);

    /// <param name="device">The device.</param>
    /// <param name="thorough">
    /// Whether to check also what opens disks or wakes the device: exclusive claims, the header.
    /// </param>
    /// <param name="findsHolders">Whether to search the file descriptors of all processes.</param>
    internal IReadOnlyList<BindingRefusal> Judge(PciDeviceInfo device, bool thorough, bool findsHolders)
    {
        if (device.IsBridge || (thorough && HeaderTypeOf(device) is not (null or 0)))
        {
            return [new BindingRefusal(device.Address, RefusalReason.Bridge, "it is a bridge", canForce: false, thorough
                ? HintForBridge(device)
                : null)];
        }

        if (device.HasVfioDriver)
        {
            return [];
        }

        List<BindingRefusal> refusals = [];
        if (device.IommuGroup is null)
        {
            refusals.Add(new BindingRefusal(
                device.Address, RefusalReason.NoIommu, "it is not behind an IOMMU", canForce: false));
        }
        else if (ReservedRegion.Of(device).Any(region => region.IsForFirmware))
        {
            refusals.Add(new BindingRefusal(
                device.Address,
                RefusalReason.Reserved,
                "the firmware reserves memory for it (an RMRR), so the kernel does not let programs open it",
                canForce: true));
        }

        refusals.AddRange(RefusalsOfUses(device, thorough, findsHolders));
        if (device.GetVirtualFunctionCount() is int count and > 0)
        {
            refusals.Add(new BindingRefusal(
                device.Address,
                RefusalReason.Functions,
                $"{count} of its virtual functions are enabled",
                canForce: true));
        }

        return refusals;
    }

    /// <summary>Gets warnings about binding a device: what else disappears from the host with it.</summary>
    internal IEnumerable<string> Warnings(PciDeviceInfo device)
    {
        string[] below = [.. Below(device.Address)
            .Select(address => NamesOf(address) is { Length: > 0 } names ? $"{address} ({names})" : $"{address}")];
        if (below.Length != 0)
        {
            yield return $"these devices behind {device.Address} disappear with it: "
                + $"{string.Join(", ", below.Take(MostNamed))}"
                + $"{(below.Length > MostNamed ? $" and {below.Length - MostNamed} more" : "")}";
        }

        InputUse input = new(_host);
        if (input.Of(device) is { Length: > 0 } nodes)
        {
            yield return $"these input devices behind {device.Address} disappear with it: "
                + $"{string.Join(", ", nodes.Take(MostNamed))}"
                + $"{(input.HasOnlyKeyboard(device) ? ", among them the only keyboard of this host" : "")}";
        }
    }

    private string NamesOf(PciAddress address) => string.Join(", ", GetInterfaces(address).Concat(GetDisks(address)));

    private IEnumerable<PciAddress> Below(PciAddress device) => (_below ??= new DevicesBelow(_host)).Of(device);

    private IEnumerable<BindingRefusal> RefusalsOfUses(PciDeviceInfo device, bool thorough, bool findsHolders) =>
        UsesOf(device, thorough)
            .Concat(UsesBelow(device, thorough))
            .Concat(findsHolders ? OpenFiles(device) : [])
            .Select(use => new BindingRefusal(device.Address, use.Reason, use.OfDevice, canForce: true)
            {
                Part = use.Part,
                Holders = use.Holder is DeviceHolder holder ? [holder] : [],
            });

    private IEnumerable<DeviceUse> UsesOf(PciDeviceInfo device, bool thorough) => _displays.Of(device)
        .Concat(_network.Of(device.Address))
        .Concat(_disks.Of(device.Address, openNodes: thorough))
        .Concat(_shares.Of(device.Address));

    // One line for all uses. Bridges have one of their own: they are never bound.
    private IEnumerable<DeviceUse> UsesBelow(PciDeviceInfo device, bool thorough)
    {
        PciBus bus = new(_host);
        (PciAddress Address, DeviceUse Use)[] uses = [.. Below(device.Address).Select(bus.Find).OfType<PciDeviceInfo>()
            .SelectMany(child => UsesOf(child, thorough).Select(use => (child.Address, use)))];
        if (uses.Length != 0)
        {
            string[] texts = [.. uses.Take(MostNamed).Select(item => $"{item.Address}, {item.Use.AsPart}")];
            yield return new DeviceUse(
                uses[0].Use.Reason,
                Kind: null,
                uses[0].Use.Part,
                $"behind it: {string.Join("; ", texts)}"
                + $"{(uses.Length > MostNamed ? $"; and {uses.Length - MostNamed} more" : "")}");
        }
    }

    internal IReadOnlyList<string> OtherNames(PciAddress device) => new HostNames(_host).OtherNames(device);

    internal IReadOnlyList<InterfaceState> InterfaceStates(PciAddress device) =>
        [.. _network.Interfaces(device).Select(name => new InterfaceState { Name = name, IsUp = _network.IsUp(name) })];

    // vfio-pci binds to devices with a type 0 header only.
    private static int? HeaderTypeOf(PciDeviceInfo device)
    {
        Span<byte> config = stackalloc byte[PciConfigHeader.Length];
        return PciConfigHeader.TryParse(config[..device.ReadConfig(config)], out PciConfigHeader? header)
            && !header.IsAbsent
            ? header.HeaderType
            : null;
    }

    // The endpoints of the bridge's group can be bound; the bridge is then unbound along with them.
    private string? HintForBridge(PciDeviceInfo device)
    {
        if (!IsUnboundWithGroup(device)
            || device.IommuGroup is not int number
            || new PciBus(_host).GetGroup(number) is not IommuGroup group)
        {
            return null;
        }

        if (group.Devices.FirstOrDefault(other => !other.IsBridge) is not PciDeviceInfo endpoint)
        {
            return "nothing needs it to be bound: no other device is in its group";
        }

        return GetGroupRefusals(group).Count == 0
            ? $"vfio bind --group {endpoint.Address} binds the endpoints of its group, and unbinds it from "
                + $"{device.Driver} meanwhile"
            : $"nothing needs it to be bound: vfio doctor {device.Address} says what keeps its group from being bound";
    }

    // No device of the group is bound to a VFIO driver, but the kernel still has the group's node: it waits until
    // processes close it.
    private bool IsLeavingVfio(PciDeviceInfo device) =>
        device is { Driver: null, IommuGroup: int group } && Directory.Exists(_host.Combine($"sys/class/vfio/{group}"))
            && new PciBus(_host).GetGroup(group)?.Devices.All(other => !other.HasVfioDriver) == true;

    /// <summary>
    /// Gets the processes that have a file of the device open or mapped: its device nodes, those of what is behind it,
    /// or its memory; or that hold one of its virtual functions.
    /// </summary>
    internal IReadOnlyList<DeviceHolder> Holders(PciDeviceInfo device)
    {
        IEnumerable<DeviceHolder> ofFunctions = device.GetVirtualFunctions().Where(function => function.HasVfioDriver)
            .SelectMany(function => _holders.GetHolders(function)
                .Select(holder => holder with { Description = $"has its virtual function {function.Address}" }));
        return [
            .. _holders.Search([.. UsedFiles.Below(_host, device).Where(file => !file.IsInputOnBus)]).Holders,
            .. ofFunctions,
        ];
    }

    private IEnumerable<DeviceUse> OpenFiles(PciDeviceInfo device) => Holders(device).Select(
        holder => new DeviceUse(RefusalReason.Open, $"{holder} {holder.Description}{HowToStop(holder)}")
        {
            Holder = holder,
        });

    // The service would start again if its process were killed, so name the service. comm is cut to 15 characters.
    private static string HowToStop(DeviceHolder holder) =>
        holder.Command == "nvidia-persiste" ? " (sudo systemctl stop nvidia-persistenced)" : "";
}
