using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>TCTL, the transmit control register (82574 datasheet 3.4, section 10.2.6).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574TransmitControl : IRegisterValue<Intel82574TransmitControl>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574TransmitControl(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>EN: the transmitter is enabled.</summary>
    public bool IsEnabled
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>PSP: short packets are padded.</summary>
    public bool PadsShortPackets
    {
        get => RegisterBits.IsSet(Raw, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 3, value);
    }

    /// <summary>CT: the number of retries after collisions, half duplex only.</summary>
    public int CollisionThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 4, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, 8, (ulong)value);
    }

    /// <summary>COLD: the collision distance in byte times.</summary>
    public int CollisionDistance
    {
        get => (int)RegisterBits.GetBits(Raw, 12, 10);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 12, 10, (ulong)value);
    }

    /// <summary>SWXOFF: send a pause frame; clears itself.</summary>
    public bool SendPause
    {
        get => RegisterBits.IsSet(Raw, 22);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 22, value);
    }

    /// <summary>PBE: packets are sent in bursts, half duplex.</summary>
    public bool IsBurstEnabled
    {
        get => RegisterBits.IsSet(Raw, 23);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 23, value);
    }

    /// <summary>RTLC: late collisions are retried.</summary>
    public bool RetransmitsOnLateCollision
    {
        get => RegisterBits.IsSet(Raw, 24);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 24, value);
    }

    /// <summary>UNORTX: underruns are not retried.</summary>
    public bool DropsOnUnderrun
    {
        get => RegisterBits.IsSet(Raw, 25);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 25, value);
    }

    /// <summary>TXDSCMT: the threshold of waiting transmit descriptors.</summary>
    public int DescriptorThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 26, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 26, 2, (ulong)value);
    }

    /// <summary>MULR: several memory reads can be outstanding.</summary>
    public bool AllowsMultipleRequests
    {
        get => RegisterBits.IsSet(Raw, 28);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 28, value);
    }

    /// <summary>
    /// RRTHRESH: the free space at which memory is read: 0 two lines of 16 bytes, 1 four, 2 eight, 3 none.
    /// </summary>
    public int ReadRequestThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 29, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 29, 2, (ulong)value);
    }

    ulong IRegisterValue<Intel82574TransmitControl>.Raw => Raw;

    static Intel82574TransmitControl IRegisterValue<Intel82574TransmitControl>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("EN", 1, 1, "The transmitter is enabled"),
        new("PSP", 3, 1, "Short packets are padded"),
        new("CT", 4, 8, "Collision threshold"),
        new("COLD", 12, 10, "Collision distance"),
        new("SWXOFF", 22, 1, "Send a pause frame; clears itself"),
        new("PBE", 23, 1, "Packets are sent in bursts, half duplex"),
        new("RTLC", 24, 1, "Late collisions are retried"),
        new("UNORTX", 25, 1, "Underruns are not retried"),
        new("TXDSCMT", 26, 2, "Least number of transmit descriptors"),
        new("MULR", 28, 1, "Several memory reads can be outstanding"),
        new("RRTHRESH", 29, 2, "Threshold of read requests")
        {
            Values =
            [
                new(0, "2 lines"),
                new(1, "4 lines"),
                new(2, "8 lines"),
                new(3, "none"),
            ],
        },
    ];
}
