using Vfio.Emulation;
using Vfio.Pci;

namespace My.Card;

/// <summary>
/// Models the device in software, from the same datasheet as the driver, so that a driver sees the same as on the card.
/// </summary>
/// <remarks>
/// Offsets and bits are repeated here on purpose: a device model that used the driver's constants would share its
/// mistakes.
/// </remarks>
public sealed class MyCardModel : DeviceModel
{
    private const uint Magic = 0x0100_00ed; // version 1.0
    private const int FirstVanishing = 34; // 34! and above are multiples of 2^32, so their low 32 bits are zero

    private readonly ModelTimer _computation;
    private uint _liveness;
    private uint _factorial;

    /// <summary>Creates a device.</summary>
    /// <param name="clock">The clock for its computations, for example a <see cref="ModelClock"/> that a test advances;
    /// by default, the system's clock.</param>
    public MyCardModel(TimeProvider? clock = null)
        : base("My-Card", new PciIdentity(0xVVVV, 0xDDDD) { Class = new PciClassCode(0x00ff00) }, clock)
    {
        AddBar(RegionIndex.Bar0, 1024 * 1024, Read, Write);
        _computation = CreateTimer(FinishFactorial);
    }

    /// <summary>
    /// Gets how long a computation takes. The default is 0: the factorial is available when the write returns.
    /// </summary>
    public TimeSpan ComputeTime { get; init; }

    protected override void OnReset()
    {
        _computation.Stop();
        (_liveness, _factorial) = (0, 0);
    }

    private ulong Read(ulong offset, int width) => (offset, width) switch
    {
        (0x00, 4) => Magic,
        (0x04, 4) => _liveness,
        (0x08, 4) => _factorial,
        (0x20, 4) => _computation.IsRunning ? 1ul : 0,
        _ => ulong.MaxValue, // an offset without a register reads as all ones
    };

    private void Write(ulong offset, int width, ulong value)
    {
        switch (offset, width)
        {
            case (0x04, 4): _liveness = ~(uint)value; break;
            case (0x08, 4): StartFactorial((uint)value); break;
            default: break;
        }
    }

    private void StartFactorial(uint number)
    {
        if (_computation.IsRunning)
        {
            return;
        }

        _factorial = number;
        if (ComputeTime > TimeSpan.Zero)
        {
            _computation.Start(ComputeTime);
        }
        else
        {
            FinishFactorial();
        }
    }

    private void FinishFactorial()
    {
        uint product = _factorial >= FirstVanishing ? 0u : 1u;
        for (uint factor = 2; product != 0 && factor <= _factorial; factor++)
        {
            product *= factor;
        }

        _factorial = product;
    }
}
