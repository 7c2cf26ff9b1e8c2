using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

/// <summary>The address space of models in this process, behind the library's seam: a table of mappings, which is their IOMMU.</summary>
internal sealed class ModelAddressSpace : IAddressSpaceBackend
{
    private const ulong PageSize = 4096;

    // What a PC with an IOMMU of four levels has: 48 bits, without the window of interrupt messages.
    private static readonly IovaRange[] UsableRanges =
        [new IovaRange(new Iova(0), new Iova(0xfedfffff)), new IovaRange(new Iova(0xfef00000), new Iova((1ul << 48) - 1))];

    private WrittenPages? _written;

    /// <summary>Whose this is: it has the memory that is mapped, which lives as long as a model can reach it.</summary>
    public IoAddressSpace? Owner { get; set; }

    public string Subject => "the models' address space";

    public int Drops => 0;

    /// <summary>What is mapped.</summary>
    public DmaTable Table { get; } = new();

    public AddressSpaceInfo GetInfo() => new(UsableRanges, PageSize, (uint)Table.Room);

    public void Map(ulong iova, nint address, ulong length, DmaAccess access)
    {
        // The kernel looks by itself whether there is memory, and whether this process may write it.
        if (!ProcessMemory.TryPopulate(address, length, access))
        {
            throw MapErrors.Explain("map", iova, length, Errno.EFAULT);
        }

        Table.Map(iova, length, access, new MemoryTarget(new ProcessMemory(address, length), this));
    }

    // A model's memory is memory of this process.
    public bool TryMapDeviceMemory(ulong iova, Func<SafeFileHandle?> openFile, ulong length, DmaAccess access) => false;

    public void Unmap(ulong iova, ulong length) => Table.Unmap(iova, length);

    public bool TryUnmapAll()
    {
        Table.Clear();
        return true;
    }

    public void SetDirtyTracking(bool isOn) => Table.Written = _written = isOn ? new WrittenPages(PageSize) : null;

    public void ReadDirty(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) => _written?.Take(iova, length, pageSize, bitmap);

    public void Dispose() => Table.Clear();

    // A model that is still there transfers to memory that is still there: it is the address space's, which this keeps.
    private sealed class MemoryTarget(ProcessMemory memory, ModelAddressSpace keep) : DmaTarget
    {
        public override ulong Length => memory.Length;

        public override void Read(ulong offset, Span<byte> destination)
        {
            memory.Read(offset, destination);
            GC.KeepAlive(keep);
        }

        public override void Write(ulong offset, ReadOnlySpan<byte> source)
        {
            memory.Write(offset, source);
            GC.KeepAlive(keep);
        }
    }
}
