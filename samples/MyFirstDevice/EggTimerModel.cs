using Vfio.Emulation;
using Vfio.Pci;

namespace MyFirstDevice;

/// <summary>
/// A device model of an egg timer on a PCI card. Its datasheet: BAR0 contains SECONDS at offset 0, 16 bits, which
/// starts the timer when it is written, and STATUS at offset 4, 32 bits, of which bit 0 tells that it rings.
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

    // Called at each open, close and reset, so that no driver finds the state that another one left.
    protected override void OnReset()
    {
        _alarm.Stop();
        _rings = false;
    }

    // An offset without a register reads as all ones, as on a real bus.
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
