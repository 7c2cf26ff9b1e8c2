using Vfio.Sysfs;

namespace Vfio;

/// <summary>
/// Judges which devices of a host may be taken, and why others may not. Looks at the host's tables once, so that judging many
/// devices is cheap.
/// </summary>
/// <remarks>A snapshot from when it was made. Opens no device. Not thread-safe.</remarks>
public sealed class HostSurvey
{
    private readonly HostRoot _host;
    private readonly DiskUse _disks;
    private readonly NetworkUse _network;
    private readonly DisplayUse _displays;
    private readonly ShareUse _shares;

    /// <summary>Surveys the running host.</summary>
    public HostSurvey()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Surveys a host.</summary>
    /// <param name="host">Where its <c>/sys</c> and <c>/proc</c> are.</param>
    public HostSurvey(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
        _disks = new DiskUse(host);
        _network = new NetworkUse(host);
        _displays = new DisplayUse(host);
        _shares = new ShareUse(host);
    }

    /// <summary>The network interfaces that stand on a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> Interfaces(PciAddress device) => _network.Interfaces(device);

    /// <summary>The disks and partitions that stand on a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Their names, sorted.</returns>
    public IReadOnlyList<string> Disks(PciAddress device) => _disks.Disks(device);

    /// <summary>Why a device must not be taken.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Every reason; none where it may be taken, or is taken already.</returns>
    public IReadOnlyList<BindingRefusal> Refusals(PciDeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Judge(device, thorough: false);
    }

    /// <param name="device">The device.</param>
    /// <param name="thorough">Whether to ask also what takes longer or opens disks: open nodes, exclusive claims, the header.</param>
    internal IReadOnlyList<BindingRefusal> Judge(PciDeviceInfo device, bool thorough)
    {
        if (device.IsBridge || (thorough && HasBridgeHeader(device)))
        {
            return [new BindingRefusal(device.Address, "bridge", "it is a bridge", CanForce: false)];
        }

        if (device.HasVfioDriver)
        {
            return [];
        }

        List<BindingRefusal> refusals = [];
        if (device.IommuGroup is null)
        {
            refusals.Add(new BindingRefusal(device.Address, "no-iommu", "no IOMMU is in front of it", CanForce: false));
        }

        IEnumerable<DeviceUse> uses = _displays.Of(device)
            .Concat(_network.Of(device.Address))
            .Concat(_disks.Of(device.Address, openNodes: thorough))
            .Concat(_shares.Of(device.Address))
            .Concat(thorough ? OpenNodes(device) : []);
        refusals.AddRange(uses.Select(use => new BindingRefusal(device.Address, use.Kind, use.Explanation, CanForce: true)));
        if (device.ReadVirtualFunctionCount() is int count and > 0)
        {
            refusals.Add(new BindingRefusal(
                device.Address, "functions", $"{count} of its virtual functions are switched on", CanForce: true));
        }

        return refusals;
    }

    internal IReadOnlyList<string> OtherNames(PciAddress device) => new HostNames(_host).OtherNames(device);

    internal IReadOnlyList<InterfaceState> InterfaceStates(PciAddress device) =>
        [.. _network.Interfaces(device).Select(name => new InterfaceState(name, _network.IsUp(name)))];

    // vfio-pci takes headers of type 0 only.
    private static bool HasBridgeHeader(PciDeviceInfo device)
    {
        Span<byte> config = stackalloc byte[PciConfigHeader.Length];
        return PciConfigHeader.TryParse(config[..device.ReadConfig(config)], out PciConfigHeader? header)
            && header is { IsAbsent: false, HeaderType: not 0 };
    }

    /// <summary>Who has a node of the device open, a disk of it or its display, or has one of its virtual functions.</summary>
    internal IReadOnlyList<DeviceHolder> Holders(PciDeviceInfo device)
    {
        string[] nodes = NodesOf(device);
        DeviceHolders holders = new(_host);
        return [.. (nodes.Length == 0 ? [] : holders.OfNodes(nodes)), .. device.FindVirtualFunctions().Where(function => function.HasVfioDriver).SelectMany(holders.OfDevice)];
    }

    private IEnumerable<DeviceUse> OpenNodes(PciDeviceInfo device)
    {
        IReadOnlyList<DeviceHolder> holders = Holders(device);
        string[] nodes = holders.Count == 0 ? [] : NodesOf(device);
        string what = nodes.Length == 0 ? "a virtual function of it" : string.Join(" or ", nodes);
        return holders.Select(holder => new DeviceUse("open", $"{holder} has {what} open"));
    }

    private string[] NodesOf(PciDeviceInfo device) =>
        [.. _disks.Nodes(device.Address).Select(name => $"/dev/{name}"), .. SysfsFile.Names(device.Attribute("drm")).Select(name => $"/dev/dri/{name}")];
}
