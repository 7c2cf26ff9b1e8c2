using System.Runtime.CompilerServices;

namespace Vfio;

// Renting and returning: several blocks cost one change of the list of free blocks.
public sealed unsafe partial class DmaPool
{
    /// <summary>Rents as many blocks as fit into a span, or none.</summary>
    /// <param name="blocks">
    /// Where the blocks are put. Return them with <see cref="Return"/>, together or not, or one by one.
    /// </param>
    /// <returns>Whether enough blocks were free; if not, none was rented, and the span is cleared.</returns>
    /// <exception cref="ObjectDisposedException">The pool, or the last device of its address space, was
    /// disposed.</exception>
    public bool TryRent(Span<DmaBlock> blocks)
    {
        Entry[] entries = Volatile.Read(ref _entries);
        ObjectDisposedException.ThrowIf(entries.Length == 0, this);
        if (_free is not int[] free)
        {
            return TryTake(blocks, entries);
        }

        int left = _freeCount - blocks.Length;
        if (left < 0)
        {
            blocks.Clear();
            return false;
        }

        ReadOnlySpan<int> taken = free.AsSpan(left, blocks.Length);
        for (int i = 0; i < taken.Length && i < blocks.Length; i++)
        {
            DmaBlock.Put(ref blocks[i], this, taken[i], ++entries[taken[i]].Turn);
        }

        _freeCount = left;
        return true;
    }

    /// <summary>Returns blocks of this pool, all or none.</summary>
    /// <param name="blocks">The blocks, in any order, rented together or not.</param>
    /// <exception cref="InvalidOperationException">
    /// One of them is not rented: it was already returned, is in the span twice, is the default value, or belongs to
    /// another pool. None was returned.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The pool, or the last device of its address space, was disposed, and
    /// the blocks ended with it.</exception>
    public void Return(ReadOnlySpan<DmaBlock> blocks)
    {
        Entry[] entries = Volatile.Read(ref _entries);
        ObjectDisposedException.ThrowIf(entries.Length == 0, this);
        int ended = _free is int[] free ? End(blocks, entries, free) : End(blocks, entries);
        if (ended < blocks.Length)
        {
            // The others are rented again, as they were: none of them is among the free ones yet.
            foreach (ref readonly DmaBlock block in blocks[..ended])
            {
                Volatile.Write(ref entries[block.Index].Turn, block.Turn);
            }

            ThrowNotRented(ended, blocks[ended]);
        }

        if (_free is not null)
        {
            _freeCount += blocks.Length;
        }
        else if (blocks.Length != 0)
        {
            for (int i = 0; i + 1 < blocks.Length; i++)
            {
                Volatile.Write(ref entries[blocks[i].Index].Next, blocks[i + 1].Index);
            }

            Push(ref entries[blocks[^1].Index], blocks[0].Index);
        }
    }

    /// <returns>Whether the block was rented; if not, the pool is unchanged.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryReturn(int index, int turn)
    {
        Entry[] entries = _entries;
        int[]? free = _free;
        if (free is null || (uint)index >= (uint)entries.Length)
        {
            return TryGive(index, turn, entries);
        }

        ref Entry entry = ref entries[index];
        int count = _freeCount;
        if (entry.Turn != turn || (uint)count >= (uint)free.Length)
        {
            return false;
        }

        entry.Turn = turn + 1;
        free[count] = index;
        _freeCount = count + 1;
        return true;
    }

    // Returns the index and the turn of a block, or -1 if none is free.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private long TryTake(Entry[] entries)
    {
        ObjectDisposedException.ThrowIf(entries.Length == 0, this);
        if (_free is not null)
        {
            return None;
        }

        while (true)
        {
            // Another thread may rent the block meanwhile, and change what is read here. The comparison detects that.
            long head = Volatile.Read(ref _head);
            int index = (int)(uint)head - 1;
            if (index == None)
            {
                return None;
            }

            ref Entry entry = ref entries[index];
            uint next = (uint)(Volatile.Read(ref entry.Next) + 1);
            if (Interlocked.CompareExchange(ref _head, Advance(head, next), head) == head)
            {
                int turn = entry.Turn + 1;
                Volatile.Write(ref entry.Turn, turn);
                return ((long)index << 32) | (uint)turn;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryGive(int index, int turn, Entry[] entries)
    {
        if ((uint)index >= (uint)entries.Length)
        {
            return false;
        }

        ref Entry entry = ref entries[index];
        if (Interlocked.CompareExchange(ref entry.Turn, turn + 1, turn) != turn)
        {
            return false;
        }

        Push(ref entry, index);
        return true;
    }

    private bool TryTake(Span<DmaBlock> blocks, Entry[] entries)
    {
        while (true)
        {
            // Other threads may rent the blocks meanwhile, and change what is read here. The comparison detects that.
            long head = Volatile.Read(ref _head);
            int index = (int)(uint)head - 1;
            int found = 0;
            for (; found < blocks.Length && index != None; found++)
            {
                ref Entry entry = ref entries[index];
                DmaBlock.Put(ref blocks[found], this, index, entry.Turn + 1);
                index = Volatile.Read(ref entry.Next);
            }

            if (found < blocks.Length && Volatile.Read(ref _head) == head)
            {
                blocks.Clear();
                return false;
            }

            if (found == blocks.Length
                && Interlocked.CompareExchange(ref _head, Advance(head, (uint)(index + 1)), head) == head)
            {
                break;
            }
        }

        foreach (ref readonly DmaBlock block in blocks)
        {
            Volatile.Write(ref entries[block.Index].Turn, block.Turn);
        }

        return true;
    }

    // Blocks that are rented become blocks that are not, but are not free yet: what is behind the count of free blocks
    // is not used. Returns how many did, up to the first that is not rented.
    private int End(ReadOnlySpan<DmaBlock> blocks, Entry[] entries, int[] free)
    {
        Span<int> places = free.AsSpan(_freeCount);
        int i = 0;
        for (; i < blocks.Length && i < places.Length; i++)
        {
            ref readonly DmaBlock block = ref blocks[i];
            int index = block.Index;
            if (block.Owner != this || (uint)index >= (uint)entries.Length || entries[index].Turn != block.Turn)
            {
                break;
            }

            entries[index].Turn++;
            places[i] = index;
        }

        return i;
    }

    // The same for any thread: of two that return a block, only one can.
    private int End(ReadOnlySpan<DmaBlock> blocks, Entry[] entries)
    {
        int i = 0;
        for (; i < blocks.Length; i++)
        {
            ref readonly DmaBlock block = ref blocks[i];
            int turn = block.Turn;
            if (block.Owner != this
                || (uint)block.Index >= (uint)entries.Length
                || Interlocked.CompareExchange(ref entries[block.Index].Turn, turn + 1, turn) != turn)
            {
                break;
            }
        }

        return i;
    }

    // Adds a list of free blocks, from its first to its last.
    private void Push(ref Entry last, int first)
    {
        while (true)
        {
            long head = Volatile.Read(ref _head);
            Volatile.Write(ref last.Next, (int)(uint)head - 1);
            if (Interlocked.CompareExchange(ref _head, Advance(head, (uint)(first + 1)), head) == head)
            {
                return;
            }
        }
    }

    private void ThrowNotRented(int position, in DmaBlock block)
    {
        ObjectDisposedException.ThrowIf(_entries.Length == 0, this);
        throw new InvalidOperationException(
            block.Owner == this
                ? $"block {position} of the span is not rented: it was already returned; none was returned now"
                : $"block {position} of the span is not a block of this pool; none was returned");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Advance(long head, uint first) => ((head & ~0xffffffffL) + (1L << 32)) | first;
}
