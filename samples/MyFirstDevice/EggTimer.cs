using Vfio;
using Vfio.Pci;

namespace MyFirstDevice;

/// <summary>Drives the device. It only uses a <see cref="VfioDevice"/>: a device model or a card.</summary>
public sealed class EggTimer(VfioDevice device) : IDisposable
{
    private readonly Region _registers = device.OpenRegion(RegionIndex.Bar0);

    public void Start(TimeSpan time) => _registers.WriteUInt16(0, checked((ushort)time.TotalSeconds));

    public bool IsRinging() => _registers.ReadUInt32(4) switch
    {
        uint.MaxValue => throw new IOException("the egg timer was removed"), // no device answers
        uint status => (status & 1) != 0,
    };

    public void Dispose() => _registers.Dispose();
}
