using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>
/// TXDCTL, when transmit descriptors are fetched and written back (82574 datasheet 3.4, section 10.2.6).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574TransmitDescriptorControl : IRegisterValue<Intel82574TransmitDescriptorControl>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574TransmitDescriptorControl(uint raw) => Raw = raw;

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

    /// <summary>COUNT_DESC: descriptors still to be done are counted; must be 1.</summary>
    public bool CountsPendingDescriptors
    {
        get => RegisterBits.IsSet(Raw, 22);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 22, value);
    }

    /// <summary>GRAN: thresholds count descriptors, not cache lines.</summary>
    public bool CountsDescriptors
    {
        get => RegisterBits.IsSet(Raw, 24);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 24, value);
    }

    /// <summary>LWTHRESH: the number of waiting descriptors below which TXD_LOW is raised, in units of 8.</summary>
    public int LowThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 25, 7);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 25, 7, (ulong)value);
    }

    ulong IRegisterValue<Intel82574TransmitDescriptorControl>.Raw => Raw;

    static Intel82574TransmitDescriptorControl IRegisterValue<Intel82574TransmitDescriptorControl>.FromRaw(ulong raw) =>
        new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("PTHRESH", 0, 6, "Prefetch threshold"),
        new("HTHRESH", 8, 6, "Host threshold"),
        new("WTHRESH", 16, 6, "Write-back threshold"),
        new("COUNT_DESC", 22, 1, "Descriptors still to be done are counted; must be 1"),
        new("GRAN", 24, 1, "Thresholds count descriptors, not cache lines"),
        new("LWTHRESH", 25, 7, "Low threshold, in units of 8 descriptors"),
    ];
}
