using Vfio.Emulation;
using Vfio.Pci;

namespace My.Card;

/// <summary>The device in software, from the same datasheet as the driver: what a driver sees of it is what it would see of the card.</summary>
/// <remarks>Offsets and bits stand here a second time, on purpose: a model that took them from the driver would agree with its mistakes.</remarks>
public sealed class MyCardModel : DeviceModel
{
    private const uint Magic = 0x0100_00ed; // version 1.0
    private const int FirstVanishing = 34; // 34! has 2^32 as a factor: 32 bits show nothing of it, or of what follows

    private readonly ModelTimer _computation;
    private uint _liveness;
    private uint _factorial;

    /// <summary>Makes a device.</summary>
    /// <param name="clock">What its computing takes time by: a <see cref="ModelClock"/> that a test advances; the system's clock unless given.</param>
    public MyCardModel(TimeProvider? clock = null)
        : base("My-Card", new PciIdentity(0xVVVV, 0xDDDD) { Class = new PciClassCode(0x00ff00) }, clock)
    {
        AddBar(RegionIndex.Bar0, 1024 * 1024, Read, Write);
        _computation = CreateTimer(FinishFactorial);
    }

    /// <summary>How long it computes; 0 unless told: the factorial is there when the write returns.</summary>
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
        _ => ulong.MaxValue, // where no register is, nobody answers
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
