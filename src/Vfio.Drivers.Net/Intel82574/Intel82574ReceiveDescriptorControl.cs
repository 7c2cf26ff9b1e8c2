using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>
/// RXDCTL, when receive descriptors are fetched and written back (82574 datasheet 3.4, section 10.2.5).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574ReceiveDescriptorControl : IRegisterValue<Intel82574ReceiveDescriptorControl>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574ReceiveDescriptorControl(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>PTHRESH: the number of descriptors below which the device fetches more.</summary>
    public int PrefetchThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 6);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 6, (ulong)value);
    }

    /// <summary>HTHRESH: the number of descriptors that the host must have ready for that.</summary>
    public int HostThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 8, 6);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, 6, (ulong)value);
    }

    /// <summary>WTHRESH: the number of descriptors that are written back together.</summary>
    public int WriteBackThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 6);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 6, (ulong)value);
    }

    /// <summary>GRAN: thresholds count descriptors, not cache lines.</summary>
    public bool CountsDescriptors
    {
        get => RegisterBits.IsSet(Raw, 24);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 24, value);
    }

    ulong IRegisterValue<Intel82574ReceiveDescriptorControl>.Raw => Raw;

    static Intel82574ReceiveDescriptorControl IRegisterValue<Intel82574ReceiveDescriptorControl>.FromRaw(ulong raw) =>
        new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("PTHRESH", 0, 6, "Prefetch threshold"),
        new("HTHRESH", 8, 6, "Host threshold"),
        new("WTHRESH", 16, 6, "Write-back threshold"),
        new("GRAN", 24, 1, "Thresholds count descriptors, not cache lines"),
    ];
}
