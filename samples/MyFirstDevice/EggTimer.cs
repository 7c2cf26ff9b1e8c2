using Vfio;
using Vfio.Pci;

namespace MyFirstDevice;

/// <summary>The device's driver. It cannot tell the model from a card: a <see cref="VfioDevice"/> is all it knows.</summary>
public sealed class EggTimer(VfioDevice device) : IDisposable
{
    private readonly Region _registers = device.OpenRegion(RegionIndex.Bar0);

    public void Start(TimeSpan time) => _registers.WriteUInt16(0, checked((ushort)time.TotalSeconds));

    public bool IsRinging() => _registers.ReadUInt32(4) switch
    {
        uint.MaxValue => throw new IOException("the egg timer is gone"), // nobody answers
        uint status => (status & 1) != 0,
    };

    public void Dispose() => _registers.Dispose();
}
