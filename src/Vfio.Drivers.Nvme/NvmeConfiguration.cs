using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>CC: the configuration of the controller (NVM Express Base Specification 2.1, section 3.1.4.5).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeConfiguration : IRegisterValue<NvmeConfiguration>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public NvmeConfiguration(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>EN: the controller is enabled.</summary>
    public bool IsEnabled
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>CSS: the command set: 0 NVM, 6 all supported ones, 7 admin commands only.</summary>
    public int CommandSet
    {
        get => (int)RegisterBits.GetBits(Raw, 4, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, 3, (ulong)value);
    }

    /// <summary>MPS: the size of a memory page in bytes, 4096 and up.</summary>
    public ulong PageSize
    {
        get => 1UL << (12 + (int)RegisterBits.GetBits(Raw, 7, 4));
        init => Raw = (uint)RegisterBits.SetBits(Raw, 7, 4, NvmeUnits.Exponent(value, 12));
    }

    /// <summary>
    /// AMS: arbitration between queues: 0 round robin, 1 weighted round robin with urgent class, 7 vendor specific.
    /// </summary>
    public int Arbitration
    {
        get => (int)RegisterBits.GetBits(Raw, 11, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 11, 3, (ulong)value);
    }

    /// <summary>SHN: shutdown notification.</summary>
    public NvmeShutdownNotification ShutdownNotification
    {
        get => (NvmeShutdownNotification)RegisterBits.GetBits(Raw, 14, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 14, 2, (ulong)value);
    }

    /// <summary>IOSQES: the size of an entry of an I/O submission queue in bytes, a power of 2: 64.</summary>
    public int SubmissionEntrySize
    {
        get => 1 << (int)RegisterBits.GetBits(Raw, 16, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 4, NvmeUnits.Exponent((ulong)value, 0));
    }

    /// <summary>IOCQES: the size of an entry of an I/O completion queue in bytes, a power of 2: 16.</summary>
    public int CompletionEntrySize
    {
        get => 1 << (int)RegisterBits.GetBits(Raw, 20, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 20, 4, NvmeUnits.Exponent((ulong)value, 0));
    }

    /// <summary>CRIME: the controller becomes ready without waiting for the media.</summary>
    public bool IsReadyWithoutMedia
    {
        get => RegisterBits.IsSet(Raw, 24);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 24, value);
    }

    ulong IRegisterValue<NvmeConfiguration>.Raw => Raw;

    static NvmeConfiguration IRegisterValue<NvmeConfiguration>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("EN", 0, 1, "The controller is enabled"),
        new("CSS", 4, 3, "Command set") { Values = [new(0, "NVM"), new(6, "all supported"), new(7, "admin only")] },
        new("MPS", 7, 4, "Memory page: 4096 << n bytes"),
        new("AMS", 11, 3, "Arbitration")
        {
            Values = [new(0, "round robin"), new(1, "weighted round robin"), new(7, "vendor specific")],
        },
        new("SHN", 14, 2, "Shutdown notification") { Values = [new(0, "none"), new(1, "normal"), new(2, "abrupt")] },
        new("IOSQES", 16, 4, "Entry of an I/O submission queue: 1 << n bytes"),
        new("IOCQES", 20, 4, "Entry of an I/O completion queue: 1 << n bytes"),
        new("CRIME", 24, 1, "Ready does not wait for the media"),
    ];
}
