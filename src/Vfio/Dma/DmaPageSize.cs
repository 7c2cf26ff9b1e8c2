namespace Vfio;

/// <summary>
/// Of which pages memory is made. Larger ones need fewer entries of the IOMMU, which are scarce; they have to be set
/// aside on the host.
/// </summary>
public enum DmaPageSize
{
    /// <summary>The host's usual pages: 4 KiB on most.</summary>
    Default = 0,

    /// <summary>2 MiB (<c>/sys/kernel/mm/hugepages/hugepages-2048kB</c>).</summary>
    Huge2MiB,

    /// <summary>1 GiB (<c>/sys/kernel/mm/hugepages/hugepages-1048576kB</c>).</summary>
    Huge1GiB,
}
