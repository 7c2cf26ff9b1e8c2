using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>CAP: the capabilities of the controller (NVM Express Base Specification 2.1, section 3.1.4.1).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeCapabilities : IRegisterValue<NvmeCapabilities>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 64 bits, including reserved ones.</param>
    public NvmeCapabilities(ulong raw) => Raw = raw;

    /// <summary>Gets the register's 64 bits, including reserved ones.</summary>
    public ulong Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 8;

    /// <summary>
    /// MQES: the maximum number of entries of an I/O queue, 2 to 65536 (the register contains one less).
    /// </summary>
    public int MaxQueueEntries
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 16) + 1;
        init => Raw = RegisterBits.SetBits(Raw, 0, 16, (ulong)(value - 1));
    }

    /// <summary>CQR: queues must be contiguous in memory.</summary>
    public bool RequiresContiguousQueues
    {
        get => RegisterBits.IsSet(Raw, 16);
        init => Raw = RegisterBits.SetBits(Raw, 16, value);
    }

    /// <summary>
    /// AMS: arbitration in addition to round robin; bit 0 weighted round robin with urgent class, bit 1 vendor
    /// specific.
    /// </summary>
    public int ArbitrationMechanisms
    {
        get => (int)RegisterBits.GetBits(Raw, 17, 2);
        init => Raw = RegisterBits.SetBits(Raw, 17, 2, (ulong)value);
    }

    /// <summary>TO: the longest time that CSTS.RDY takes to follow CC.EN, in steps of 500 ms up to 127.5 s.</summary>
    public TimeSpan ReadyTimeout
    {
        get => TimeSpan.FromMilliseconds(500 * (long)RegisterBits.GetBits(Raw, 24, 8));
        init => Raw = RegisterBits.SetBits(Raw, 24, 8, (ulong)(value.Ticks / (500 * TimeSpan.TicksPerMillisecond)));
    }

    /// <summary>DSTRD: the distance between two doorbells in bytes: 4, 8 and so on up to 131072.</summary>
    public int DoorbellStride
    {
        get => 4 << (int)RegisterBits.GetBits(Raw, 32, 4);
        init => Raw = RegisterBits.SetBits(Raw, 32, 4, NvmeUnits.Exponent((ulong)value, 2));
    }

    /// <summary>NSSRS: NVM subsystem reset supported.</summary>
    public bool SupportsSubsystemReset
    {
        get => RegisterBits.IsSet(Raw, 36);
        init => Raw = RegisterBits.SetBits(Raw, 36, value);
    }

    /// <summary>
    /// CSS: the command sets; bit 0 NVM, bit 6 one or more I/O command sets, bit 7 admin commands only.
    /// </summary>
    public int CommandSets
    {
        get => (int)RegisterBits.GetBits(Raw, 37, 8);
        init => Raw = RegisterBits.SetBits(Raw, 37, 8, (ulong)value);
    }

    /// <summary>BPS: boot partitions supported.</summary>
    public bool SupportsBootPartitions
    {
        get => RegisterBits.IsSet(Raw, 45);
        init => Raw = RegisterBits.SetBits(Raw, 45, value);
    }

    /// <summary>
    /// CPS: the scope of power control: 0 not reported, 1 the controller, 2 its domain, 3 the NVM subsystem.
    /// </summary>
    public int PowerScope
    {
        get => (int)RegisterBits.GetBits(Raw, 46, 2);
        init => Raw = RegisterBits.SetBits(Raw, 46, 2, (ulong)value);
    }

    /// <summary>MPSMIN: the size of the smallest memory page in bytes, 4096 and up.</summary>
    public ulong MinPageSize
    {
        get => 1UL << (12 + (int)RegisterBits.GetBits(Raw, 48, 4));
        init => Raw = RegisterBits.SetBits(Raw, 48, 4, NvmeUnits.Exponent(value, 12));
    }

    /// <summary>MPSMAX: the size of the largest memory page in bytes, up to 128 MiB.</summary>
    public ulong MaxPageSize
    {
        get => 1UL << (12 + (int)RegisterBits.GetBits(Raw, 52, 4));
        init => Raw = RegisterBits.SetBits(Raw, 52, 4, NvmeUnits.Exponent(value, 12));
    }

    /// <summary>PMRS: persistent memory region supported.</summary>
    public bool SupportsPersistentMemory
    {
        get => RegisterBits.IsSet(Raw, 56);
        init => Raw = RegisterBits.SetBits(Raw, 56, value);
    }

    /// <summary>CMBS: controller memory buffer supported.</summary>
    public bool SupportsMemoryBuffer
    {
        get => RegisterBits.IsSet(Raw, 57);
        init => Raw = RegisterBits.SetBits(Raw, 57, value);
    }

    /// <summary>NSSS: NVM subsystem shutdown supported.</summary>
    public bool SupportsSubsystemShutdown
    {
        get => RegisterBits.IsSet(Raw, 58);
        init => Raw = RegisterBits.SetBits(Raw, 58, value);
    }

    /// <summary>CRWMS: ready with media supported.</summary>
    public bool SupportsReadyWithMedia
    {
        get => RegisterBits.IsSet(Raw, 59);
        init => Raw = RegisterBits.SetBits(Raw, 59, value);
    }

    /// <summary>CRIMS: ready independent of media supported.</summary>
    public bool SupportsReadyWithoutMedia
    {
        get => RegisterBits.IsSet(Raw, 60);
        init => Raw = RegisterBits.SetBits(Raw, 60, value);
    }

    /// <summary>NSSES: NVM subsystem shutdown has enhancements.</summary>
    public bool SupportsEnhancedShutdown
    {
        get => RegisterBits.IsSet(Raw, 61);
        init => Raw = RegisterBits.SetBits(Raw, 61, value);
    }

    static NvmeCapabilities IRegisterValue<NvmeCapabilities>.FromRaw(ulong raw) => new(raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("MQES", 0, 16, "Most entries of a queue, minus 1"),
        new("CQR", 16, 1, "Queues must be contiguous in memory"),
        new("AMS", 17, 2, "Arbitration beside round robin; bit 0: weighted, bit 1: vendor's") { IsHexadecimal = true },
        new("TO", 24, 8, "Longest time to become ready, in units of 500 ms"),
        new("DSTRD", 32, 4, "Doorbell stride: 4 << n bytes"),
        new("NSSRS", 36, 1, "NVM subsystem reset supported"),
        new("CSS", 37, 8, "Command sets; bit 0: NVM, bit 6: others by CSI, bit 7: admin only") { IsHexadecimal = true },
        new("BPS", 45, 1, "Boot partitions supported"),
        new("CPS", 46, 2, "Controller power scope")
        {
            Values =
            [
                new(0, "not reported"),
                new(1, "controller"),
                new(2, "domain"),
                new(3, "subsystem"),
            ],
        },
        new("MPSMIN", 48, 4, "Smallest memory page: 4096 << n bytes"),
        new("MPSMAX", 52, 4, "Largest memory page: 4096 << n bytes"),
        new("PMRS", 56, 1, "Persistent memory region supported"),
        new("CMBS", 57, 1, "Controller memory buffer supported"),
        new("NSSS", 58, 1, "NVM subsystem shutdown supported"),
        new("CRWMS", 59, 1, "Ready with media supported"),
        new("CRIMS", 60, 1, "Ready independent of media supported"),
        new("NSSES", 61, 1, "NVM subsystem shutdown has enhancements"),
    ];
}
