using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>Models a device with a memory BAR (BAR2) that can be mapped.</summary>
internal sealed class BoardModel : DeviceModel
{
    public const int MemoryLength = 4096;

    public BoardModel()
        : base("board", new PciIdentity(0x1234, 0x0001)) =>
        AddMemoryBar(RegionIndex.Bar2, MemoryLength).CopyFrom(0, Chain());

    /// <summary>
    /// Fills a chain of 32 registers, 8 bytes apart, each of which contains the offset of the next; the last one points
    /// to the first. They have the same value at any width. The memory after them is free for writes.
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
