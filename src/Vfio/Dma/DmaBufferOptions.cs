namespace Vfio;

/// <summary>
/// Specifies the memory that <see cref="IoAddressSpace.Allocate(ulong, DmaBufferOptions?, string, int)"/> allocates,
/// and its address. The defaults suit most programs.
/// </summary>
public sealed record DmaBufferOptions
{
    /// <summary>Gets what the device may do with the buffer. By default, it may read and write it.</summary>
    public DmaAccess Access { get; init; } = DmaAccess.ReadWrite;

    /// <summary>Gets the IOVA of the buffer, a multiple of the page size. By default, the library chooses it.</summary>
    public Iova? At { get; init; }

    /// <summary>Gets the size of its pages.</summary>
    public DmaPageSize PageSize { get; init; }

    /// <summary>
    /// Gets the NUMA node of the memory (<see cref="PciDeviceInfo.GetNumaNode"/> reports the device's). By default, any
    /// node.
    /// </summary>
    public int? NumaNode { get; init; }

    /// <summary>
    /// Gets the maximum width of the IOVA in bits, 12 to 64. By default, <see cref="IoAddressSpace.AddressWidth"/>.
    /// </summary>
    public int? AddressWidth { get; init; }

    /// <summary>Gets the owner to show in the ledger. By default, the source line that requested the buffer.</summary>
    public string? Owner { get; init; }
}
