namespace Vfio;

/// <summary>How much of an address space is used, and of the limits that hold for it. A snapshot.</summary>
/// <param name="Mappings">Live mappings.</param>
/// <param name="Bytes">Bytes in them.</param>
/// <param name="PeakMappings">The most there were at a time.</param>
/// <param name="PeakBytes">The most bytes at a time.</param>
/// <param name="EntriesLeft">
/// How many more mappings the kernel allows (<c>VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL</c>, from <c>vfio_iommu_type1.dma_entry_limit</c>);
/// <see langword="null"/> where it does not say, as with iommufd.
/// </param>
/// <param name="LockedBytes">What this process has locked or pinned in all, by the kernel's count.</param>
/// <param name="LockedLimit">What it may (<c>RLIMIT_MEMLOCK</c>), in bytes; <see langword="null"/> where there is no limit. Root is not held to it.</param>
public sealed record DmaUsage(
    int Mappings, ulong Bytes, int PeakMappings, ulong PeakBytes, uint? EntriesLeft, ulong LockedBytes, ulong? LockedLimit);
