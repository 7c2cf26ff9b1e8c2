using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>STATUS, the device status register (82574 datasheet 3.4, section 10.2.2).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574Status : IRegisterValue<Intel82574Status>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574Status(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>FD: full duplex.</summary>
    public bool IsFullDuplex
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>LU: link up.</summary>
    public bool IsLinkUp
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>TXOFF: transmission is paused by flow control.</summary>
    public bool IsTransmissionPaused
    {
        get => RegisterBits.IsSet(Raw, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, value);
    }

    /// <summary>SPEED: the link's speed in megabits per second: 10, 100 or 1000.</summary>
    public int SpeedInMegabits
    {
        get => Intel82574Speed.Decode(RegisterBits.GetBits(Raw, 6, 2));
        init => Raw = (uint)RegisterBits.SetBits(Raw, 6, 2, Intel82574Speed.Encode(value));
    }

    /// <summary>ASDV: the speed in megabits per second that auto-detection found: 10, 100 or 1000.</summary>
    public int DetectedSpeedInMegabits
    {
        get => Intel82574Speed.Decode(RegisterBits.GetBits(Raw, 8, 2));
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, 2, Intel82574Speed.Encode(value));
    }

    /// <summary>PHYRA: the PHY was reset since this bit was cleared.</summary>
    public bool WasPhyReset
    {
        get => RegisterBits.IsSet(Raw, 10);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 10, value);
    }

    /// <summary>GIO_MASTER_ENABLE: requests to host memory are possible or outstanding.</summary>
    public bool IsMasterEnabled
    {
        get => RegisterBits.IsSet(Raw, 19);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 19, value);
    }

    ulong IRegisterValue<Intel82574Status>.Raw => Raw;

    static Intel82574Status IRegisterValue<Intel82574Status>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("FD", 0, 1, "Full duplex"),
        new("LU", 1, 1, "Link up"),
        new("TXOFF", 4, 1, "Transmission is paused by flow control"),
        new("SPEED", 6, 2, "Speed of the link")
        {
            Values =
            [
                new(0, "10 Mb/s"),
                new(1, "100 Mb/s"),
                new(2, "1000 Mb/s"),
                new(3, "1000 Mb/s"),
            ],
        },
        new("ASDV", 8, 2, "Speed that auto-detection found")
        {
            Values =
            [
                new(0, "10 Mb/s"),
                new(1, "100 Mb/s"),
                new(2, "1000 Mb/s"),
                new(3, "1000 Mb/s"),
            ],
        },
        new("PHYRA", 10, 1, "The PHY was reset since this bit was cleared"),
        new("GIO_MASTER_ENABLE", 19, 1, "Requests to host memory are possible or outstanding"),
    ];
}
