namespace Vfio;

/// <summary>What memory <see cref="IoAddressSpace.Allocate"/> makes, and where. The defaults suit most.</summary>
public sealed record DmaBufferOptions
{
    /// <summary>What the device may do with it; both directions unless told.</summary>
    public DmaAccess Access { get; init; } = DmaAccess.ReadWrite;

    /// <summary>The device's address of it, a multiple of the page size; chosen by the library unless told.</summary>
    public Iova? At { get; init; }

    /// <summary>Of which pages it is made.</summary>
    public DmaPageSize PageSize { get; init; }

    /// <summary>The NUMA node it comes from (<see cref="PciDeviceInfo.GetNumaNode"/> tells the device's); any unless told.</summary>
    public int? NumaNode { get; init; }

    /// <summary>How many bits the address may have, 12 to 64; as <see cref="IoAddressSpace.AddressWidth"/> unless told.</summary>
    public int? AddressWidth { get; init; }

    /// <summary>Whose it is, for the ledger; the line of the source that asked for it unless told.</summary>
    public string? Owner { get; init; }
}
