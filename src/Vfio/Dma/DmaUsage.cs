namespace Vfio;

/// <summary>Describes how much of an address space is used, and its limits. A snapshot.</summary>
public sealed record DmaUsage
{
    /// <summary>Gets the number of live mappings.</summary>
    public required int Mappings { get; init; }

    /// <summary>Gets their bytes.</summary>
    public required ulong Bytes { get; init; }

    /// <summary>Gets the largest number of mappings so far.</summary>
    public required int PeakMappings { get; init; }

    /// <summary>Gets the largest number of bytes so far.</summary>
    public required ulong PeakBytes { get; init; }

    /// <summary>
    /// Gets how many more mappings the kernel allows (<c>VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL</c>, from
    /// <c>vfio_iommu_type1.dma_entry_limit</c>); <see langword="null"/> if it does not report that, as with iommufd.
    /// </summary>
    public required uint? EntriesLeft { get; init; }

    /// <summary>Gets how many bytes this process has locked or pinned in total, as counted by the kernel.</summary>
    public required ulong LockedBytes { get; init; }

    /// <summary>
    /// Gets how many bytes this process may lock (<c>RLIMIT_MEMLOCK</c>); <see langword="null"/> for no limit. It does
    /// not apply to root.
    /// </summary>
    public required ulong? LockedLimit { get; init; }
}
