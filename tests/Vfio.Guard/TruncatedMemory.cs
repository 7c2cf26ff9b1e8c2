using Microsoft.Win32.SafeHandles;

namespace Vfio.Guard;

/// <summary>
/// Represents a mapped file. While it is truncated, each access fails as for a device that is switched off.
/// </summary>
internal sealed unsafe class TruncatedMemory : IDisposable
{
    public const uint Value = 0x5a5a5a5a;
    private const int Length = 4 * MemoryGuard.Piece;
    private readonly SafeFileHandle _file;
    private readonly MappedMemory _memory;
    private readonly MappingGuard? _guard;

    public TruncatedMemory(bool guarded)
    {
        _file = Libc.MemfdCreate("vfio-guard", Libc.MFD_CLOEXEC);
        RandomAccess.SetLength(_file, Length);
        _memory = MappedMemory.MapDevice(_file, 0, Length, read: true, write: true, "the memory");
        _guard = guarded
            ? MappingGuard.TryTake(_memory) ?? throw new InvalidOperationException("there is no guard")
            : null;
    }

    public byte* Start => (byte*)_memory.Start;

    public bool IsCovered => _guard?.IsCovered == true;

    public void TakeAway() => RandomAccess.SetLength(_file, 0);

    /// <summary>Extends the file again, with a value at the start of each piece.</summary>
    /// <returns>Whether nothing is covered afterwards.</returns>
    public bool GiveBack(uint value)
    {
        RandomAccess.SetLength(_file, Length);
        for (int at = 0; at < Length; at += MemoryGuard.Piece)
        {
            RandomAccess.Write(_file, BitConverter.GetBytes(value), at);
        }

        return _guard!.TryRecover("the memory");
    }

    /// <summary>Unmaps the address range immediately, because nothing accesses it any more.</summary>
    public void End()
    {
        _guard?.Dispose();
        _memory.Dispose();
    }

    public void Dispose()
    {
        _guard?.Dispose();
        _memory.Dispose();
        _file.Dispose();
    }
}
