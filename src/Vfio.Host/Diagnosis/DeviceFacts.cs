using Vfio.Pci;

namespace Vfio.Host;

/// <summary>What a host says of one device and of what is around it. Facts alone: what follows from them is the judges'.</summary>
/// <param name="Device">The device.</param>
/// <param name="Details">All else that sysfs has of it.</param>
internal sealed partial record DeviceFacts(PciDeviceInfo Device, PciDeviceDetails Details)
{
    /// <summary>Its IOMMU group; null where it has none.</summary>
    public IommuGroup? Group { get; init; }

    /// <summary>Whether its group is one of those that the kernel makes without an IOMMU.</summary>
    public bool HasNoIommuGroup { get; init; }

    /// <summary>Bridges above it that are in its group, the nearest first: why the group is as large as it is.</summary>
    public IReadOnlyList<(PciAddress Address, BridgeIsolation Isolation)> BridgesInGroup { get; init; } = [];

    /// <summary>Parts of its address space that are not free.</summary>
    public IReadOnlyList<ReservedRegion> ReservedRegions { get; init; } = [];

    /// <summary>Why the host does not want it taken.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; init; } = [];

    /// <summary>Why the host does not want another of its group to lose its driver.</summary>
    public IReadOnlyList<BindingRefusal> RefusalsInGroup { get; init; } = [];

    /// <summary>Those of its group that are no endpoints, and only lose their drivers when it is bound as a whole.</summary>
    public IReadOnlyList<PciDeviceInfo> UnboundWithGroup { get; init; } = [];

    /// <summary>Its interfaces and disks.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>Its nodes, while VFIO has it: the group's first, then its own.</summary>
    public HostNode? GroupNode { get; init; }

    public HostNode? OwnNode { get; init; }

    /// <summary>Who has it open, as far as this user may see.</summary>
    public IReadOnlyList<DeviceHolder> Holders { get; init; } = [];

    /// <summary>Whether the journal knows it: a release puts it back.</summary>
    public bool IsRemembered { get; init; }

    /// <summary>The process that waits in the kernel for a change which a command of vfio's left unfinished; <see langword="null"/> for none.</summary>
    public int? UnfinishedChange { get; init; }

    /// <summary>Whether the kernel does not answer, because another program's change of the device has not ended.</summary>
    public bool IsBusy { get; init; }

    /// <summary>The only driver that may take it.</summary>
    public string? Override { get; init; }

    /// <summary>The header of its configuration space; null where it was not read.</summary>
    public PciConfigHeader? Header { get; init; }

    /// <summary>Whether the kernel can reset it alone, where it does not list how.</summary>
    public bool HasReset { get; init; }

    /// <summary>Whether it may be cut off from power; null where the kernel does not say.</summary>
    public bool? IsD3coldAllowed { get; init; }

    public IReadOnlyList<ErrorCount> Errors { get; init; } = [];

    public FramebufferState Framebuffer { get; init; }

    /// <summary>The platform device that shows the firmware's picture, and its driver.</summary>
    public (string Name, string Driver)? FirmwareDisplay { get; init; }

    /// <summary>Whether it is a virtual function whose physical one VFIO has.</summary>
    public bool IsOfTakenFunction { get; init; }
}

/// <summary>How many errors of a kind a device's link had.</summary>
/// <param name="Kind"><c>correctable</c>, <c>nonfatal</c>, <c>fatal</c>.</param>
/// <param name="Total">How many.</param>
/// <param name="Names">Which, as the kernel names them, with their numbers.</param>
internal sealed record ErrorCount(string Kind, ulong Total, IReadOnlyList<string> Names);

/// <summary>Whether the firmware's framebuffer lies in a device's memory.</summary>
internal enum FramebufferState
{
    None,
    InMemory,
    Unseen,
}
