using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>
/// CMBLOC: the location of the controller memory buffer (NVM Express Base Specification 2.1, section 3.1.4.11).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeMemoryBufferLocation : IRegisterValue<NvmeMemoryBufferLocation>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public NvmeMemoryBufferLocation(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>BIR: the number of its BAR.</summary>
    public int Bar
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 3, (ulong)value);
    }

    /// <summary>CQMMS: queues may be mixed with memory of the host.</summary>
    public bool AllowsMixedQueueMemory
    {
        get => RegisterBits.IsSet(Raw, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 3, value);
    }

    /// <summary>CQPDS: queues may be physically discontiguous.</summary>
    public bool AllowsDiscontiguousQueues
    {
        get => RegisterBits.IsSet(Raw, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, value);
    }

    /// <summary>CDPMLS: data pointers and command lists may be in different memories.</summary>
    public bool AllowsMixedPointerLists
    {
        get => RegisterBits.IsSet(Raw, 5);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 5, value);
    }

    /// <summary>CDPCILS: data pointers and command lists may be independent.</summary>
    public bool AllowsIndependentPointerLists
    {
        get => RegisterBits.IsSet(Raw, 6);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 6, value);
    }

    /// <summary>CDMMMS: data and metadata may be in different memories.</summary>
    public bool AllowsMixedDataMemory
    {
        get => RegisterBits.IsSet(Raw, 7);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 7, value);
    }

    /// <summary>CQDA: queues need dword alignment only.</summary>
    public bool AllowsDwordAlignment
    {
        get => RegisterBits.IsSet(Raw, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, value);
    }

    /// <summary>OFST: its offset in the BAR, in units of CMBSZ.SZU.</summary>
    public int Offset
    {
        get => (int)RegisterBits.GetBits(Raw, 12, 20);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 12, 20, (ulong)value);
    }

    ulong IRegisterValue<NvmeMemoryBufferLocation>.Raw => Raw;

    static NvmeMemoryBufferLocation IRegisterValue<NvmeMemoryBufferLocation>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("BIR", 0, 3, "BAR"),
        new("CQMMS", 3, 1, "Queues may be mixed with memory of the host"),
        new("CQPDS", 4, 1, "Queues may be physically discontiguous"),
        new("CDPMLS", 5, 1, "Data pointers and command lists may be in different memories"),
        new("CDPCILS", 6, 1, "Data pointers and command lists may be independent"),
        new("CDMMMS", 7, 1, "Data and metadata may be in different memories"),
        new("CQDA", 8, 1, "Queues need dword alignment only"),
        new("OFST", 12, 20, "Offset in the BAR, in units of CMBSZ.SZU") { IsHexadecimal = true },
    ];
}
