namespace Vfio;

/// <summary>What memory <see cref="IoAddressSpace.Allocate"/> makes, and where. The defaults suit most.</summary>
public sealed record DmaBufferOptions
{
    /// <summary>Gets what the device may do with the buffer. By default, it may read and write it.</summary>
    public DmaAccess Access { get; init; } = DmaAccess.ReadWrite;

    /// <summary>
    /// Gets the device's address of the buffer, a multiple of the page size. By default, the library chooses it.
    /// </summary>
    public Iova? At { get; init; }

    /// <summary>Of which pages it is made.</summary>
    public DmaPageSize PageSize { get; init; }

    /// <summary>
    /// Gets the NUMA node of the memory (<see cref="PciDeviceInfo.GetNumaNode"/> reports the device's). By default, any
    /// node.
    /// </summary>
    public int? NumaNode { get; init; }

    /// <summary>
    /// Gets the greatest width of the address in bits, 12 to 64. By default, <see cref="IoAddressSpace.AddressWidth"/>.
    /// </summary>
    public int? AddressWidth { get; init; }

    /// <summary>Gets the owner to show in the ledger. By default, the source line that requested the buffer.</summary>
    public string? Owner { get; init; }
}
