using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>CTRL, the device control register (82574 datasheet 3.4, section 10.2.2).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574Control : IRegisterValue<Intel82574Control>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574Control(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>FD: full duplex, if duplex is forced.</summary>
    public bool IsFullDuplex
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>GIO_MASTER_DISABLE: no new requests to the host's memory.</summary>
    public bool IsMasterDisabled
    {
        get => RegisterBits.IsSet(Raw, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 2, value);
    }

    /// <summary>ASDE: speed is detected from the PHY's signals.</summary>
    public bool IsAutoSpeedDetectionEnabled
    {
        get => RegisterBits.IsSet(Raw, 5);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 5, value);
    }

    /// <summary>SLU: set link up.</summary>
    public bool SetLinkUp
    {
        get => RegisterBits.IsSet(Raw, 6);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 6, value);
    }

    /// <summary>SPEED: the speed in megabits per second, if it is forced: 10, 100 or 1000.</summary>
    public int SpeedInMegabits
    {
        get => Intel82574Speed.Decode(RegisterBits.GetBits(Raw, 8, 2));
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, 2, Intel82574Speed.Encode(value));
    }

    /// <summary>FRCSPD: the speed is forced to SPEED.</summary>
    public bool IsSpeedForced
    {
        get => RegisterBits.IsSet(Raw, 11);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 11, value);
    }

    /// <summary>FRCDPLX: the duplex mode is forced to FD.</summary>
    public bool IsDuplexForced
    {
        get => RegisterBits.IsSet(Raw, 12);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 12, value);
    }

    /// <summary>ADVD3WUC: D3cold wake-up is advertised.</summary>
    public bool AdvertisesD3ColdWakeUp
    {
        get => RegisterBits.IsSet(Raw, 20);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 20, value);
    }

    /// <summary>RST: device reset; clears itself.</summary>
    public bool Reset
    {
        get => RegisterBits.IsSet(Raw, 26);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 26, value);
    }

    /// <summary>RFCE: received pause frames are obeyed.</summary>
    public bool ReceivesFlowControl
    {
        get => RegisterBits.IsSet(Raw, 27);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 27, value);
    }

    /// <summary>TFCE: pause frames are sent.</summary>
    public bool TransmitsFlowControl
    {
        get => RegisterBits.IsSet(Raw, 28);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 28, value);
    }

    /// <summary>VME: VLAN tags are stripped from received frames.</summary>
    public bool IsVlanModeEnabled
    {
        get => RegisterBits.IsSet(Raw, 30);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 30, value);
    }

    /// <summary>PHY_RST: PHY reset.</summary>
    public bool ResetPhy
    {
        get => RegisterBits.IsSet(Raw, 31);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 31, value);
    }

    ulong IRegisterValue<Intel82574Control>.Raw => Raw;

    static Intel82574Control IRegisterValue<Intel82574Control>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("FD", 0, 1, "Full duplex, if duplex is forced"),
        new("GIO_MASTER_DISABLE", 2, 1, "No new requests to the host's memory"),
        new("ASDE", 5, 1, "Speed is detected from the PHY's signals"),
        new("SLU", 6, 1, "Set link up"),
        new("SPEED", 8, 2, "Speed, if it is forced")
        {
            Values =
            [
                new(0, "10 Mb/s"),
                new(1, "100 Mb/s"),
                new(2, "1000 Mb/s"),
                new(3, "1000 Mb/s"),
            ],
        },
        new("FRCSPD", 11, 1, "The speed is forced to SPEED"),
        new("FRCDPLX", 12, 1, "The duplex mode is forced to FD"),
        new("ADVD3WUC", 20, 1, "D3cold wake-up is advertised"),
        new("RST", 26, 1, "Device reset; clears itself"),
        new("RFCE", 27, 1, "Received pause frames are obeyed"),
        new("TFCE", 28, 1, "Pause frames are sent"),
        new("VME", 30, 1, "VLAN tags are stripped from received frames"),
        new("PHY_RST", 31, 1, "PHY reset"),
    ];
}
