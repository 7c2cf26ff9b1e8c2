namespace Vfio.Emulation;

/// <summary>
/// Represents the PCI Express capability (PCI Express Base Specification 6.0, section 7.5.3), version 2 of the
/// structure. A device with it has 4096 bytes of configuration space.
/// </summary>
public sealed class ExpressCapability : ModelCapability
{
    private const int ControlOffset = 8;
    private const byte FunctionLevelReset = 1 << 7; // of the control register's upper byte
    private const uint RoleBasedErrors = 1u << 15;
    private const uint ResetCapable = 1u << 28;

    private readonly int _speed = 1;
    private readonly int _width = 1;

    /// <summary>Gets the kind of function; an endpoint by default.</summary>
    public ExpressType Type { get; init; } = ExpressType.Endpoint;

    /// <summary>Gets the link's speed as the specification numbers it: from 1 for 2.5 GT/s to 6 for 64 GT/s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not 1 to 6.</exception>
    public int LinkSpeed
    {
        get => _speed;
        init => _speed = value is >= 1 and <= 6
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 6");
    }

    /// <summary>Gets the number of lanes: 1, 2, 4, 8, 12, 16 or 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is another number.</exception>
    public int LinkWidth
    {
        get => _width;
        init => _width = value is 1 or 2 or 4 or 8 or 12 or 16 or 32
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "1, 2, 4, 8, 12, 16 or 32");
    }

    /// <summary>Gets whether a driver can reset the function with a bit of the device control register (FLR).</summary>
    public bool HasFunctionLevelReset { get; init; }

    internal override int Length => 60;

    internal override void Declare(ModelConfigSpace config)
    {
        bool hasLink = Type != ExpressType.RootComplexIntegratedEndpoint;
        uint link = hasLink ? (uint)(LinkSpeed | (LinkWidth << 4)) : 0;
        config.Declare(Start, 1, 0x10);
        config.Declare(Start + 2, 2, 2 | ((uint)Type << 4));
        config.Declare(Start + 4, 4, RoleBasedErrors | (HasFunctionLevelReset ? ResetCapable : 0));
        // After a reset, reads of up to 512 bytes are requested, and relaxed ordering and no-snoop are allowed.
        config.Declare(
            Start + ControlOffset, 2, 0x2810, writable: HasFunctionLevelReset ? 0xffffu : 0x7fffu, isKept: true);
        config.Declare(Start + 12, 4, link);
        config.Declare(Start + 18, 2, link);
        config.Declare(Start + 40, 2, 0, writable: 0x041f, isKept: true);
        config.Declare(Start + 44, 4, hasLink ? ((1u << LinkSpeed) - 1) << 1 : 0);
        config.Declare(Start + 48, 2, hasLink ? (uint)LinkSpeed : 0);
    }

    internal override void Written(DeviceModel model, int offset, int width)
    {
        if ((model.Config.ValueAt(Start + ControlOffset + 1) & FunctionLevelReset) != 0)
        {
            model.Config.Show(Start + ControlOffset + 1, FunctionLevelReset, isSet: false);
            if (HasFunctionLevelReset)
            {
                model.ResetUnderLock();
            }
        }
    }
}
