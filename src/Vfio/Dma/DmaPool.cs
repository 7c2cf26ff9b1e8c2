using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Represents equal blocks of one <see cref="DmaBuffer"/>, for what a driver needs again and again: packets, commands,
/// pages of lists. Renting and returning a block makes no system call and allocates nothing.
/// </summary>
/// <remarks>
/// The caller owns it; disposal unmaps the buffer. Any thread may rent and return, several at a time. Blocks are not
/// cleared.
/// </remarks>
public sealed unsafe class DmaPool : IDisposable
{
    // Blocks do not share cache lines, with each other or with what is next to the buffer.
    private const ulong CacheLine = 64;
    private const int None = -1;

    private readonly DmaBuffer _buffer;
    private readonly DmaMapping _mapping;
    private readonly byte* _start;
    private readonly int _blockLength;
    private readonly ulong _stride;
    private readonly Entry[] _entries;
    // index of the first free block + 1 in the low half; in the high half a count, so that no head is seen twice
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

    /// <summary>Bytes in a block.</summary>
    public int BlockLength => _blockLength;

    /// <summary>Gets how many blocks there are, rented or not.</summary>
    public int Count => _entries.Length;

    /// <summary>The buffer that the blocks are parts of.</summary>
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

            // Another thread may take the block meanwhile, and what is read here be anything: the comparison finds that
            // out.
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

    /// <summary>A copy of memory that devices cannot reach, in a block, for one transfer.</summary>
    /// <param name="data">The caller's memory: any span, of the managed heap too; at most <see cref="BlockLength"/>
    /// bytes.</param>
    /// <param name="access">What the device is to do: what it writes is copied back at disposal.</param>
    /// <returns>The copy; dispose it when the transfer has ended.</returns>
    /// <exception cref="ArgumentException">The data does not fit a block; no access.</exception>
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
    /// <exception cref="VfioException">The kernel refused: the pool stays as it was, and the call can be
    /// repeated.</exception>
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

    /// <returns>Whether it was rented; if not, the pool is as it was.</returns>
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

    /// <summary>What is known of a block.</summary>
    private struct Entry
    {
        /// <summary>The next free one, while it is free.</summary>
        public int Next;

        /// <summary>
        /// How often it was rented and returned: odd while it is rented. This tells a copy of a returned block from the
        /// current one.
        /// </summary>
        public int Turn;
    }
}
