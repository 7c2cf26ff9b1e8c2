namespace Vfio.Cli;

/// <summary>
/// Distinguishes ports and bridges by what sysfs shows to every user: class, driver, link and place. (The port type is
/// in the part of configuration space that only root can read.)
/// </summary>
internal static class PortKinds
{
    private const byte HostBridge = 0x00;
    private const byte PciToPci = 0x04;
    private const byte SemiTransparent = 0x09;

    /// <summary>The driver that Linux binds only to ports, never to a bridge to conventional PCI.</summary>
    private const string PortDriver = "pcieport";

    public static NodeKind Judge(HostDevices devices, PlacedDevice device, NodeKind above)
    {
        if (device.IsVirtual)
        {
            return NodeKind.VirtualFunction;
        }

        if (!device.Info.IsBridge)
        {
            return NodeKind.Endpoint;
        }

        if (device.Info.Class.Subclass is not (PciToPci or SemiTransparent))
        {
            return device.Info.Class.Subclass == HostBridge ? NodeKind.HostBridge : NodeKind.OtherBridge;
        }

        if (device.Link is null)
        {
            return NodeKind.PciBridge;
        }

        // A port is recognized by its driver, or by a PCI Express device below it.
        bool isPort = device.Info.Driver == PortDriver
            || devices.Below(device.Address).Any(below => below.Link is not null);
        return above switch
        {
            NodeKind.SwitchUpstreamPort => NodeKind.SwitchDownstreamPort,
            _ when !isPort && (device.Info.Driver is not null || devices.Below(device.Address).Any()) =>
                NodeKind.ExpressToPciBridge,
            NodeKind.RootPort or NodeKind.SwitchDownstreamPort =>
                isPort ? NodeKind.SwitchUpstreamPort : NodeKind.ExpressToPciBridge,
            _ => NodeKind.RootPort,
        };
    }
}
