using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Represents equal blocks of one <see cref="DmaBuffer"/>, for what a driver needs again and again: packets, commands,
/// pages of lists. Renting and returning a block makes no system call and allocates nothing.
/// </summary>
/// <remarks>
/// The caller owns the pool; disposal unmaps the buffer. Thread-safe: several threads can rent and return blocks at the
/// same time. Blocks are not cleared.
/// </remarks>
public sealed unsafe class DmaPool : IDisposable
{
    // Blocks share no cache lines with each other or with the memory next to the buffer.
    private const ulong CacheLine = 64;
    private const int None = -1;

    private readonly DmaBuffer _buffer;
    private readonly DmaMapping _mapping;
    private readonly byte* _start;
    private readonly int _blockLength;
    private readonly ulong _stride;
    private readonly Entry[] _entries;
    // The low half is the index of the first free block plus 1; the high half is a count, so that the same value never
    // appears twice.
    private long _head;

    internal DmaPool(DmaBuffer buffer, int blockLength, int count)
    {
        _buffer = buffer;
        _mapping = buffer.Mapping;
        _start = (byte*)buffer.Address;
        _blockLength = blockLength;
        _stride = Stride(blockLength);
        _entries = new Entry[count];
        for (int i = 0; i < count; i++)
        {
            _entries[i].Next = i + 1 < count ? i + 1 : None;
        }

        _head = 1;
    }

    /// <summary>Gets the length of a block in bytes.</summary>
    public int BlockLength => _blockLength;

    /// <summary>Gets the number of blocks, rented or not.</summary>
    public int Count => _entries.Length;

    /// <summary>Gets the buffer that contains the blocks.</summary>
    public DmaBuffer Buffer => _buffer;

    internal static ulong Stride(int blockLength) => ((ulong)blockLength + (CacheLine - 1)) & ~(CacheLine - 1);

    /// <summary>Rents a block.</summary>
    /// <returns>The block; return it with <see cref="DmaBlock.Return"/>.</returns>
    /// <exception cref="InvalidOperationException">All blocks are rented.</exception>
    /// <exception cref="ObjectDisposedException">The pool, or the last device of its address space, was
    /// disposed.</exception>
    public DmaBlock Rent() => TryRent(out DmaBlock block) ? block : throw AllRented();

    /// <summary>Rents a block, if one is free.</summary>
    /// <param name="block">The block; return it with <see cref="DmaBlock.Return"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ObjectDisposedException">The pool, or the last device of its address space, was
    /// disposed.</exception>
    public bool TryRent(out DmaBlock block)
    {
        ObjectDisposedException.ThrowIf(!_mapping.IsUsable, this);
        while (true)
        {
            long head = Volatile.Read(ref _head);
            int index = (int)(uint)head - 1;
            if (index == None)
            {
                block = default;
                return false;
            }

            // Another thread may rent the block meanwhile, and change what is read here. The comparison detects that.
            ref Entry entry = ref _entries[index];
            uint next = (uint)(Volatile.Read(ref entry.Next) + 1);
            if (Interlocked.CompareExchange(ref _head, Advance(head, next), head) == head)
            {
                int turn = entry.Turn + 1;
                Volatile.Write(ref entry.Turn, turn);
                block = new DmaBlock(this, index, turn);
                return true;
            }
        }
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

    internal Iova IovaOf(int index, int turn)
    {
        Check(index, turn);
        return new Iova(_buffer.Iova.Value + ((ulong)index * _stride));
    }

    internal Span<byte> SpanOf(int index, int turn)
    {
        ObjectDisposedException.ThrowIf(!_mapping.IsUsable, this);
        Check(index, turn);
        return new Span<byte>(_start + ((ulong)index * _stride), _blockLength);
    }

    /// <returns>Whether the block was rented; if not, the pool is unchanged.</returns>
    internal bool TryReturn(int index, int turn)
    {
        ref Entry entry = ref _entries[index];
        if (Interlocked.CompareExchange(ref entry.Turn, turn + 1, turn) != turn)
        {
            return false;
        }

        while (true)
        {
            long head = Volatile.Read(ref _head);
            Volatile.Write(ref entry.Next, (int)(uint)head - 1);
            if (Interlocked.CompareExchange(ref _head, Advance(head, (uint)(index + 1)), head) == head)
            {
                return true;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(int index, int turn)
    {
        if (Volatile.Read(ref _entries[index].Turn) != turn)
        {
            throw AlreadyReturned();
        }
    }

    private InvalidOperationException AllRented() =>
        new($"all {Count} blocks of the pool are rented ({_buffer.Mapping.Owner})");

    internal static InvalidOperationException AlreadyReturned() => new("the block was already returned");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Advance(long head, uint first) => ((head & ~0xffffffffL) + (1L << 32)) | first;

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
