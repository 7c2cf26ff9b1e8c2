using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>
/// CMBSZ: the size of the controller memory buffer, and its uses (NVM Express Base Specification 2.1, section
/// 3.1.4.12).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeMemoryBufferSize : IRegisterValue<NvmeMemoryBufferSize>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public NvmeMemoryBufferSize(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>SQS: submission queues are supported.</summary>
    public bool SupportsSubmissionQueues
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>CQS: completion queues are supported.</summary>
    public bool SupportsCompletionQueues
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>LISTS: PRP and SGL lists are supported.</summary>
    public bool SupportsLists
    {
        get => RegisterBits.IsSet(Raw, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 2, value);
    }

    /// <summary>RDS: data of read commands is supported.</summary>
    public bool SupportsReadData
    {
        get => RegisterBits.IsSet(Raw, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 3, value);
    }

    /// <summary>WDS: data of write commands is supported.</summary>
    public bool SupportsWriteData
    {
        get => RegisterBits.IsSet(Raw, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, value);
    }

    /// <summary>
    /// SZU: the unit of its size and offset in bytes: from 4 KiB in steps of 16 times to 64 GiB; 0 if the value is
    /// reserved.
    /// </summary>
    public ulong SizeUnit
    {
        get => RegisterBits.GetBits(Raw, 8, 4) is ulong exponent and <= 6 ? 1UL << (12 + (4 * (int)exponent)) : 0;
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, 4, NvmeUnits.Exponent(value, 12, 4) / 4);
    }

    /// <summary>SZ: its size in units of SZU.</summary>
    public int Size
    {
        get => (int)RegisterBits.GetBits(Raw, 12, 20);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 12, 20, (ulong)value);
    }

    ulong IRegisterValue<NvmeMemoryBufferSize>.Raw => Raw;

    static NvmeMemoryBufferSize IRegisterValue<NvmeMemoryBufferSize>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("SQS", 0, 1, "For submission queues"),
        new("CQS", 1, 1, "For completion queues"),
        new("LISTS", 2, 1, "For PRP and SGL lists"),
        new("RDS", 3, 1, "For data that is read"),
        new("WDS", 4, 1, "For data that is written"),
        new("SZU", 8, 4, "Unit of the size")
        {
            Values =
            [
                new(0, "4 KiB"),
                new(1, "64 KiB"),
                new(2, "1 MiB"),
                new(3, "16 MiB"),
                new(4, "256 MiB"),
                new(5, "4 GiB"),
                new(6, "64 GiB"),
            ],
        },
        new("SZ", 12, 20, "Size in units of SZU"),
    ];
}
