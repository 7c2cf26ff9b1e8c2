namespace Vfio.Host;

/// <summary>
/// The facts about a host that matter to VFIO. Contains no conclusions; those are made by the judges.
/// </summary>
internal sealed partial record HostFacts
{
    public required KernelArguments Arguments { get; init; }

    /// <summary>Gets whether this process is root, or has root's rights otherwise.</summary>
    public required bool IsRoot { get; init; }

    /// <summary>
    /// The IOMMUs that drivers have found (<c>/sys/class/iommu</c>), without the kernel's test IOMMU.
    /// </summary>
    public IReadOnlyList<string> Iommus { get; init; } = [];

    /// <summary>The number of IOMMU groups.</summary>
    public int Groups { get; init; }

    /// <summary>Gets how many of them are in passthrough mode for the host's own drivers.</summary>
    public int PassedThroughGroups { get; init; }

    /// <summary>The names of the firmware's ACPI tables; <see langword="null"/> if they are not available.</summary>
    public IReadOnlyList<string>? FirmwareTables { get; init; }

    /// <summary>The extended capability registers of the VT-d units.</summary>
    public IReadOnlyList<ulong> VtdExtendedCapabilities { get; init; } = [];

    /// <summary>The smallest address width of the VT-d units; <see langword="null"/> without VT-d.</summary>
    public int? VtdAddressBits { get; init; }

    /// <summary>
    /// Gets whether interrupts are remapped by the IOMMU; <see langword="null"/> if this architecture does not report
    /// it.
    /// </summary>
    public bool? RemapsInterrupts { get; init; }

    /// <summary>The parameters that allow devices whose interrupts are not isolated, and their values.</summary>
    public IReadOnlyList<(string Path, bool IsOn)> UnsafeInterrupts { get; init; } = [];

    /// <summary>Gets whether the kernel's no-IOMMU mode is on.</summary>
    public bool IsInNoIommuMode { get; init; }

    public required string KernelRelease { get; init; }

    /// <summary>Gets whether the modules of the running kernel are on disk.</summary>
    public bool HasModules { get; init; }

    public ModuleState VfioPci { get; init; }

    public ModuleState Type1 { get; init; }

    public ModuleState Iommufd { get; init; }

    /// <summary>Gets what keeps any device from being bound.</summary>
    public IReadOnlyList<HostObstacle> Obstacles { get; init; } = [];

    /// <summary>The node of containers, <c>/dev/vfio/vfio</c>.</summary>
    public HostNode? ContainerNode { get; init; }

    /// <summary>The node of iommufd, <c>/dev/iommu</c>.</summary>
    public HostNode? IommufdNode { get; init; }

    /// <summary>
    /// Gets how many mappings a type1 container may have; <see langword="null"/> if that module is not loaded.
    /// </summary>
    public uint? EntryLimit { get; init; }

    /// <summary>Gets how much memory this process has locked, and its limit.</summary>
    public LockedMemoryUse? LockingUse { get; init; }

    public IReadOnlyList<HugePagePool> HugePages { get; init; } = [];

    /// <summary>
    /// The kernel's lockdown mode: <c>integrity</c>, <c>confidentiality</c>; <see langword="null"/> for none, or if it
    /// is unknown.
    /// </summary>
    public string? Lockdown { get; init; }

    public bool HasSecureBoot { get; init; }
}

/// <summary>Huge pages of one size.</summary>
/// <param name="KiB">Their size.</param>
/// <param name="Total">How many are reserved.</param>
/// <param name="Free">How many of these are unused.</param>
internal readonly record struct HugePagePool(ulong KiB, ulong Total, ulong Free);
