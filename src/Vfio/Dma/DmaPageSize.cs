namespace Vfio;

/// <summary>
/// Specifies the page size of memory. Larger pages need fewer entries of the IOMMU's caches; they must be reserved on
/// the host.
/// </summary>
public enum DmaPageSize
{
    /// <summary>The usual page size of the host, in most cases 4 KiB.</summary>
    Default = 0,

    /// <summary>2 MiB (<c>/sys/kernel/mm/hugepages/hugepages-2048kB</c>).</summary>
    Huge2MiB,

    /// <summary>1 GiB (<c>/sys/kernel/mm/hugepages/hugepages-1048576kB</c>).</summary>
    Huge1GiB,
}
