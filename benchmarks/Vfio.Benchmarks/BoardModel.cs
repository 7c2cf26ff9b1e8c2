using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>A device with a memory BAR (BAR2), to be mapped.</summary>
internal sealed class BoardModel : DeviceModel
{
    public const int MemoryLength = 4096;

    public BoardModel()
        : base("board", new PciIdentity(0x1234, 0x0001)) => AddMemoryBar(RegionIndex.Bar2, MemoryLength).CopyFrom(0, Chain());

    /// <summary>
    /// Registers of which each gives the offset of the next: 32 of them, 8 bytes apart, then from the first again. Read with any width
    /// they say the same. What lies behind them is free to be written.
    /// </summary>
    public static byte[] Chain()
    {
        byte[] content = new byte[MemoryLength];
        for (int offset = 0; offset < 256; offset += 8)
        {
            content[offset] = (byte)(offset + 8);
        }

        return content;
    }
}
