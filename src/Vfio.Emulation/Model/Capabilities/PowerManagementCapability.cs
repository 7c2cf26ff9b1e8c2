namespace Vfio.Emulation;

/// <summary>
/// Represents the power management capability: the states D0 and D3hot, and optionally D1 and D2 (PCI Express Base
/// Specification 6.0, section 7.5.2).
/// </summary>
/// <remarks>
/// In D3hot, only the configuration space of the device answers: register accesses fail, and DMA and interrupts stop.
/// When it returns to D0, the device resets itself, unless <see cref="KeepsStateInD3"/> is set.
/// </remarks>
public sealed class PowerManagementCapability : ModelCapability
{
    private const int StateOffset = 4;
    private const int D0 = 0;
    private const int D1 = 1;
    private const int D2 = 2;
    private const int D3Hot = 3;
    private const uint Version = 3;

    private int _state;

    /// <summary>Gets whether the device has the state D1.</summary>
    public bool HasD1 { get; init; }

    /// <summary>Gets whether the device has the state D2.</summary>
    public bool HasD2 { get; init; }

    /// <summary>Gets whether the device keeps the values of its registers from D3hot to D0 (No_Soft_Reset).</summary>
    public bool KeepsStateInD3 { get; init; }

    internal override int Length => 8;

    internal override void Declare(ModelConfigSpace config)
    {
        config.Declare(Start, 1, 0x01);
        config.Declare(Start + 2, 2, Version | (HasD1 ? 1u << 9 : 0) | (HasD2 ? 1u << 10 : 0));
        config.Declare(Start + StateOffset, 2, KeepsStateInD3 ? 1u << 3 : 0, writable: 3);
    }

    internal override void Written(DeviceModel model, int offset, int width)
    {
        ModelConfigSpace config = model.Config;
        int wanted = config.ValueAt(Start + StateOffset) & 3;
        // A write of a state that the device does not have is ignored. A deeper state can only be left for D0.
        bool isAllowed = wanted == D0
            || (wanted > _state && (wanted == D3Hot || (wanted == D1 && HasD1) || (wanted == D2 && HasD2)));
        int state = isAllowed ? wanted : _state;
        config.Show(Start + StateOffset, 3, isSet: false);
        config.Show(Start + StateOffset, (byte)state, isSet: true);
        bool wakes = _state == D3Hot && state == D0;
        Enter(config, state);
        if (wakes && !KeepsStateInD3)
        {
            model.ResetUnderLock();
        }
    }

    internal void Enter(ModelConfigSpace config, int state)
    {
        _state = state;
        config.IsAsleep = state == D3Hot;
    }
}
