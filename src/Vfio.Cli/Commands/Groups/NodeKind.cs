namespace Vfio.Cli;

/// <summary>Specifies the role of a device in the tree.</summary>
internal enum NodeKind
{
    /// <summary>The root of a tree, which is not a device.</summary>
    RootBus,
    HostBridge,
    RootPort,
    SwitchUpstreamPort,
    SwitchDownstreamPort,
    ExpressToPciBridge,
    PciBridge,

    /// <summary>An ISA bridge or similar, which is a leaf of the tree.</summary>
    OtherBridge,
    Endpoint,
    VirtualFunction,
}
