namespace Vfio.Host;

/// <summary>What a host says of itself that matters to VFIO. Facts alone: what follows from them is the judges'.</summary>
internal sealed partial record HostFacts
{
    public required KernelArguments Arguments { get; init; }

    /// <summary>Whether this process is root, or may all the same.</summary>
    public required bool IsRoot { get; init; }

    /// <summary>The IOMMUs that drivers have found (<c>/sys/class/iommu</c>), without the kernel's own one for tests.</summary>
    public IReadOnlyList<string> Iommus { get; init; } = [];

    /// <summary>How many groups an IOMMU has made.</summary>
    public int Groups { get; init; }

    /// <summary>How many of them pass the host's own devices through.</summary>
    public int PassedThroughGroups { get; init; }

    /// <summary>The names of the firmware's tables; null where they are not shown.</summary>
    public IReadOnlyList<string>? FirmwareTables { get; init; }

    /// <summary>The extended capability registers of VT-d's units.</summary>
    public IReadOnlyList<ulong> VtdExtendedCapabilities { get; init; } = [];

    /// <summary>How many bits the least of VT-d's units translates; null where there is none.</summary>
    public int? VtdAddressBits { get; init; }

    /// <summary>Whether interrupts go through a table of the IOMMU's; null where this architecture does not say.</summary>
    public bool? RemapsInterrupts { get; init; }

    /// <summary>The parameters that allow devices whose interrupts are not isolated, and what they are.</summary>
    public IReadOnlyList<(string Path, bool IsOn)> UnsafeInterrupts { get; init; } = [];

    /// <summary>Whether the kernel gives away devices without an IOMMU.</summary>
    public bool IsInNoIommuMode { get; init; }

    public required string KernelRelease { get; init; }

    /// <summary>Whether the modules of the running kernel are on disk.</summary>
    public bool HasModules { get; init; }

    public ModuleState VfioPci { get; init; }

    public ModuleState Type1 { get; init; }

    public ModuleState Iommufd { get; init; }

    /// <summary>What keeps devices from being bound, whichever.</summary>
    public IReadOnlyList<HostObstacle> Obstacles { get; init; } = [];

    /// <summary>The node of containers, <c>/dev/vfio/vfio</c>.</summary>
    public HostNode? ContainerNode { get; init; }

    /// <summary>The node of iommufd, <c>/dev/iommu</c>.</summary>
    public HostNode? IommufdNode { get; init; }

    /// <summary>How many mappings a type1 container may have; null where that module is not loaded.</summary>
    public uint? EntryLimit { get; init; }

    /// <summary>What this process has locked, and may.</summary>
    public LockedMemoryUse? LockingUse { get; init; }

    public IReadOnlyList<HugePagePool> HugePages { get; init; } = [];

    /// <summary>How far the kernel is locked down: <c>integrity</c>, <c>confidentiality</c>; null for not, or not known.</summary>
    public string? Lockdown { get; init; }

    public bool HasSecureBoot { get; init; }
}

/// <summary>Huge pages of one size.</summary>
/// <param name="KiB">Their size.</param>
/// <param name="Total">How many are reserved.</param>
/// <param name="Free">How many of these nobody uses.</param>
internal readonly record struct HugePagePool(ulong KiB, ulong Total, ulong Free);
