using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The facts about one device and its surroundings. Contains no conclusions; those are made by the judges.
/// </summary>
/// <param name="Device">The device.</param>
/// <param name="Details">Everything else that sysfs has about it.</param>
internal sealed partial record DeviceFacts(PciDeviceInfo Device, PciDeviceDetails Details)
{
    /// <summary>Its IOMMU group; <see langword="null"/> if it has none.</summary>
    public IommuGroup? Group { get; init; }

    /// <summary>Gets whether its group is one that the kernel makes for devices without an IOMMU.</summary>
    public bool HasNoIommuGroup { get; init; }

    /// <summary>
    /// The bridges above it that are in its group, the nearest first. They explain the size of the group.
    /// </summary>
    public IReadOnlyList<(PciAddress Address, BridgeIsolation Isolation)> BridgesInGroup { get; init; } = [];

    /// <summary>The parts of its address space that are reserved.</summary>
    public IReadOnlyList<ReservedRegion> ReservedRegions { get; init; } = [];

    /// <summary>The reasons against binding it.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; init; } = [];

    /// <summary>The reasons why other devices of its group cannot lose their drivers.</summary>
    public IReadOnlyList<BindingRefusal> RefusalsInGroup { get; init; } = [];

    /// <summary>
    /// The devices of its group that are not endpoints, and only lose their drivers when the group is bound as a whole.
    /// </summary>
    public IReadOnlyList<PciDeviceInfo> UnboundWithGroup { get; init; } = [];

    /// <summary>Its network interfaces.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>The node of its group, while it is bound to VFIO.</summary>
    public HostNode? GroupNode { get; init; }

    public HostNode? OwnNode { get; init; }

    /// <summary>Its holders, as far as this user can see them.</summary>
    public IReadOnlyList<DeviceHolder> Holders { get; init; } = [];

    /// <summary>Gets whether it is in the journal, so that a release restores it.</summary>
    public bool IsRemembered { get; init; }

    /// <summary>
    /// The process that is blocked in the kernel in a change which a command of vfio left unfinished;
    /// <see langword="null"/> for none.
    /// </summary>
    public int? UnfinishedChange { get; init; }

    /// <summary>
    /// Gets whether the kernel does not answer, because a change of the device by another program has not ended.
    /// </summary>
    public bool IsBusy { get; init; }

    /// <summary>The only driver that may bind to it.</summary>
    public string? Override { get; init; }

    /// <summary>The header of its configuration space; <see langword="null"/> if it was not read.</summary>
    public PciConfigHeader? Header { get; init; }

    /// <summary>
    /// Gets whether the kernel can reset only this device, on kernels that do not list the reset methods.
    /// </summary>
    public bool HasReset { get; init; }

    /// <summary>
    /// Gets whether its power may be cut off (D3cold); <see langword="null"/> if the kernel does not say.
    /// </summary>
    public bool? IsD3coldAllowed { get; init; }

    public IReadOnlyList<ErrorCount> Errors { get; init; } = [];

    public FramebufferState Framebuffer { get; init; }

    /// <summary>The platform device that shows the firmware's picture, and its driver.</summary>
    public (string Name, string Driver)? FirmwareDisplay { get; init; }

    /// <summary>Gets whether it is a virtual function whose physical function is bound to VFIO.</summary>
    public bool IsOfBoundFunction { get; init; }
}

/// <summary>The number of errors of one kind on a device's link.</summary>
/// <param name="Kind"><c>correctable</c>, <c>nonfatal</c>, <c>fatal</c>.</param>
/// <param name="Total">The number of errors.</param>
/// <param name="Names">The errors by the kernel's names, with their counts.</param>
internal sealed record ErrorCount(string Kind, ulong Total, IReadOnlyList<string> Names);

/// <summary>The place of the firmware's framebuffer, as far as it is known.</summary>
internal enum FramebufferState
{
    None,
    InMemory,
    Unseen,
}
