using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Represents equal blocks of one <see cref="DmaBuffer"/>, for what a driver needs again and again: packets, commands,
/// pages of lists. Renting and returning a block makes no system call and allocates nothing.
/// </summary>
/// <remarks>
/// The caller owns the pool; disposal unmaps the buffer. Thread-safe: several threads can rent and return blocks at the
/// same time, unless the pool was created for one thread (<see cref="DmaPoolThreads.One"/>). Blocks are not cleared.
/// </remarks>
public sealed unsafe partial class DmaPool : IDmaView, IDisposable
{
    // Blocks share no cache lines with each other or with the memory next to the buffer.
    private const ulong CacheLine = 64;
    private const int None = -1;

    private readonly DmaBuffer _buffer;
    private readonly byte* _start;
    private readonly ulong _iova;
    private readonly int _blockLength;
    private readonly nuint _stride;
    private readonly int _count;
    private readonly AccessBounds _block;
    // The free blocks of a pool for one thread; null in a pool for several, where they are a list.
    private readonly int[]? _free;
    private int _freeCount;
    // Empty after the end, so that the check of a block's turn finds the end too.
    private Entry[] _entries;
    // The low half is the index of the first free block plus 1; the high half is a count, so that the same value never
    // appears twice.
    private long _head;

    internal DmaPool(DmaBuffer buffer, int blockLength, int count, DmaPoolThreads threads)
    {
        _buffer = buffer;
        _start = buffer.Start;
        _iova = buffer.Iova.Value;
        _blockLength = blockLength;
        _stride = (nuint)Stride(blockLength);
        _count = count;
        _block.Set((ulong)blockLength);
        _entries = new Entry[count];
        if (threads == DmaPoolThreads.One)
        {
            // The block that was used last is rented first: its memory is still in the processor's cache.
            _free = [.. Enumerable.Range(0, count).Reverse()];
            _freeCount = count;
        }

        for (int i = 0; i < count; i++)
        {
            _entries[i].Next = i + 1 < count ? i + 1 : None;
        }

        _head = 1;
        buffer.Mapping.Add(this);
    }

    /// <summary>Gets the length of a block in bytes.</summary>
    public int BlockLength => _blockLength;

    /// <summary>Gets the number of blocks, rented or not.</summary>
    public int Count => _count;

    /// <summary>Gets the buffer that contains the blocks.</summary>
    public DmaBuffer Buffer => _buffer;

    internal byte* Start => _start;

    internal ulong FirstIova => _iova;

    internal static ulong Stride(int blockLength) => ((ulong)blockLength + (CacheLine - 1)) & ~(CacheLine - 1);

    /// <summary>Rents a block.</summary>
    /// <returns>The block; return it with <see cref="DmaBlock.Return"/>.</returns>
    /// <exception cref="InvalidOperationException">All blocks are rented.</exception>
    /// <exception cref="ObjectDisposedException">The pool, or the last device of its address space, was
    /// disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DmaBlock Rent() => TryRent(out DmaBlock block) ? block : throw AllRented();

    /// <summary>Rents a block, if one is free.</summary>
    /// <param name="block">The block; return it with <see cref="DmaBlock.Return"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ObjectDisposedException">The pool, or the last device of its address space, was
    /// disposed.</exception>
    // A driver's hot path. A pool for one thread is here; the rest would not be shorter for being inlined.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRent(out DmaBlock block)
    {
        Entry[] entries = _entries;
        int[]? free = _free;
        int left = _freeCount - 1;
        if (free is not null && (uint)left < (uint)free.Length)
        {
            int index = free[left];
            if ((uint)index < (uint)entries.Length)
            {
                _freeCount = left;
                block = new DmaBlock(this, index, ++entries[index].Turn);
                return true;
            }
        }

        long taken = TryTake(entries);
        block = taken < 0 ? default : new DmaBlock(this, (int)(taken >> 32), (int)taken);
        return taken >= 0;
    }

    /// <summary>Copies memory that devices cannot access into a block, for one transfer.</summary>
    /// <param name="data">
    /// The caller's memory: any span, including one of the managed heap; at most <see cref="BlockLength"/> bytes.
    /// </param>
    /// <param name="access">What the device will do: what it writes is copied back when the copy is returned.</param>
    /// <returns>The copy; dispose it when the transfer has ended.</returns>
    /// <exception cref="ArgumentException">The data does not fit into a block, or no access was passed.</exception>
    /// <exception cref="InvalidOperationException">All blocks are rented.</exception>
    /// <exception cref="ObjectDisposedException">The pool, or the last device of its address space, was
    /// disposed.</exception>
    public DmaBounce Bounce(Span<byte> data, DmaAccess access)
    {
        if (data.Length > _blockLength)
        {
            throw new ArgumentException(
                $"{data.Length} bytes do not fit into a block of {_blockLength} bytes", nameof(data));
        }

        IoAddressSpace.CheckAccess(access);
        return new DmaBounce(data, access, Rent());
    }

    /// <summary>Unmaps and frees the buffer; rented blocks end with it. A second call does nothing.</summary>
    /// <exception cref="VfioException">
    /// The kernel refused. The pool stays as it was, and the call can be repeated.
    /// </exception>
    public void Unmap() => _buffer.Unmap();

    /// <summary>
    /// Unmaps and frees the buffer, as <see cref="DmaBuffer.Dispose"/> does; rented blocks end with it.
    /// </summary>
    public void Dispose() => _buffer.Dispose();

    void IDmaView.Close() => Volatile.Write(ref _entries, []);

    /// <summary>Gets where a block starts in the buffer, after checking that it is rented.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nuint OffsetOf(int index, int turn)
    {
        Entry[] entries = _entries;
        if ((uint)index >= (uint)entries.Length || Volatile.Read(ref entries[index].Turn) != turn)
        {
            throw NotRented();
        }

        return (nuint)(uint)index * _stride;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CheckAccess<T>(nuint offset)
        where T : unmanaged
    {
        if (!_block.Contain<T>(offset))
        {
            throw AccessErrors.OfPlace(offset, sizeof(T), (nuint)_blockLength, "a block");
        }
    }

    internal InvalidOperationException NotRented() => _entries.Length == 0
        ? new ObjectDisposedException(GetType().FullName)
        : new InvalidOperationException("the block was already returned");

    private InvalidOperationException AllRented() =>
        new($"all {Count} blocks of the pool are rented ({_buffer.Mapping.Owner})");

    /// <summary>Represents the state of a block.</summary>
    private struct Entry
    {
        /// <summary>The next free block, while this one is free.</summary>
        public int Next;

        /// <summary>
        /// How often the block was rented and returned: odd while it is rented. This distinguishes a copy of a returned
        /// block from the current one.
        /// </summary>
        public int Turn;
    }
}
