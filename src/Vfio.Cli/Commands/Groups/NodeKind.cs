namespace Vfio.Cli;

/// <summary>What part a device has in the tree.</summary>
internal enum NodeKind
{
    /// <summary>No device: where a tree starts.</summary>
    RootBus,
    HostBridge,
    RootPort,
    SwitchUpstreamPort,
    SwitchDownstreamPort,
    ExpressToPciBridge,
    PciBridge,

    /// <summary>ISA bridges and the like: they are leaves of the tree.</summary>
    OtherBridge,
    Endpoint,
    VirtualFunction,
}
