using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>
/// CRTO: the longest times to become ready, if they do not fit into CAP.TO (NVM Express Base Specification 2.1, section
/// 3.1.4.21).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeReadyTimeouts : IRegisterValue<NvmeReadyTimeouts>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public NvmeReadyTimeouts(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>CRWMT: the longest time to become ready with media, in steps of 500 ms.</summary>
    public TimeSpan ReadyWithMedia
    {
        get => TimeSpan.FromMilliseconds(500 * (long)RegisterBits.GetBits(Raw, 0, 16));
        init =>
            Raw = (uint)RegisterBits.SetBits(Raw, 0, 16, (ulong)(value.Ticks / (500 * TimeSpan.TicksPerMillisecond)));
    }

    /// <summary>CRIMT: the longest time to become ready without waiting for the media, in steps of 500 ms.</summary>
    public TimeSpan ReadyWithoutMedia
    {
        get => TimeSpan.FromMilliseconds(500 * (long)RegisterBits.GetBits(Raw, 16, 16));
        init =>
            Raw = (uint)RegisterBits.SetBits(Raw, 16, 16, (ulong)(value.Ticks / (500 * TimeSpan.TicksPerMillisecond)));
    }

    ulong IRegisterValue<NvmeReadyTimeouts>.Raw => Raw;

    static NvmeReadyTimeouts IRegisterValue<NvmeReadyTimeouts>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("CRWMT", 0, 16, "Ready with media, in units of 500 ms"),
        new("CRIMT", 16, 16, "Ready independent of media, in units of 500 ms"),
    ];
}
