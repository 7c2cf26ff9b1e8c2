using Vfio.Emulation;
using Vfio.Pci;

namespace MyFirstDevice;

/// <summary>
/// A device in software: an egg timer on a PCI card. Its datasheet: in BAR0 lie SECONDS at 0, 16 bits, which starts the timer when it is
/// written; and STATUS at 4, 32 bits, of which bit 0 says that it rings.
/// </summary>
public sealed class EggTimerModel : DeviceModel
{
    private readonly ModelTimer _alarm;
    private bool _rings;

    public EggTimerModel(TimeProvider clock)
        : base("egg timer", new PciIdentity(0x1234, 0x0e66), clock)
    {
        AddBar(RegionIndex.Bar0, 4096, Read, Write);
        _alarm = CreateTimer(() => _rings = true);
    }

    // At each open, close and reset, so that no driver finds what another left.
    protected override void OnReset()
    {
        _alarm.Stop();
        _rings = false;
    }

    // All ones are what a bus makes of no answer.
    private ulong Read(ulong offset, int width) => offset == 4 ? (_rings ? 1ul : 0) : ulong.MaxValue;

    private void Write(ulong offset, int width, ulong value)
    {
        if (offset == 0)
        {
            _rings = false;
            _alarm.Start(TimeSpan.FromSeconds((ushort)value));
        }
    }
}
