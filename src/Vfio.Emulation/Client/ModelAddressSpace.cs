using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

/// <summary>
/// Implements the library's address space interface for device models in this process. Its table of mappings is their
/// IOMMU.
/// </summary>
internal sealed class ModelAddressSpace : IAddressSpaceBackend
{
    private const ulong PageSize = 4096;

    // The ranges of a PC whose IOMMU has four levels: 48 bits, without the MSI window.
    private static readonly IovaRange[] UsableRanges =
    [
        new IovaRange(new Iova(0), new Iova(0xfedfffff)),
        new IovaRange(new Iova(0xfef00000), new Iova((1ul << 48) - 1)),
    ];

    private WrittenPages? _written;

    /// <summary>
    /// Gets or sets the address space that owns this object. It keeps the mapped memory alive as long as a device model
    /// can access it.
    /// </summary>
    public IoAddressSpace? Owner { get; set; }

    public string Subject => "the models' address space";

    public int Drops => 0;

    /// <summary>Gets the table of mappings.</summary>
    public DmaTable Table { get; } = new();

    public AddressSpaceInfo GetInfo() => new(UsableRanges, PageSize, (uint)Table.Room);

    public void Map(ulong iova, nint address, ulong length, DmaAccess access)
    {
        // The kernel checks whether the memory exists and whether this process may write it.
        if (!ProcessMemory.TryPopulate(address, length, access))
        {
            throw MapErrors.Explain("map", iova, length, Errno.EFAULT);
        }

        Table.Map(iova, length, access, new MemoryTarget(new ProcessMemory(address, length), this));
    }

    // The device memory of a device model is memory of this process.
    public bool TryMapDeviceMemory(ulong iova, Func<SafeFileHandle?> openFile, ulong length, DmaAccess access) => false;

    public void Unmap(ulong iova, ulong length) => Table.Unmap(iova, length);

    public bool TryUnmapAll()
    {
        Table.Clear();
        return true;
    }

    public void SetDirtyTracking(bool isOn) => Table.Written = _written = isOn ? new WrittenPages(PageSize) : null;

    public void ReadDirty(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) =>
        _written?.Take(iova, length, pageSize, bitmap);

    public void Dispose() => Table.Clear();

    // Keeps the address space alive, which owns the memory, so that a live device model never accesses freed memory.
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
