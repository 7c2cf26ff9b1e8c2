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
        if (_free is null)
        {
            return TryTake(blocks, entries);
        }

        int left = _freeCount - blocks.Length;
        if (left < 0)
        {
            blocks.Clear();
            return false;
        }

        ReadOnlySpan<int> taken = _free.AsSpan(left, blocks.Length);
        for (int i = 0; i < blocks.Length; i++)
        {
            int index = taken[i];
            blocks[i] = new DmaBlock(this, index, ++entries[index].Turn);
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
        for (int i = 0; i < blocks.Length; i++)
        {
            if (!TryEnd(blocks[i], entries))
            {
                // The others are rented again, as they were: none of them is among the free ones yet.
                foreach (ref readonly DmaBlock ended in blocks[..i])
                {
                    Volatile.Write(ref entries[ended.Index].Turn, ended.Turn);
                }

                ThrowNotRented(i, blocks[i]);
            }
        }

        Free(blocks, entries);
    }

    /// <returns>Whether the block was rented; if not, the pool is unchanged.</returns>
    internal bool TryReturn(in DmaBlock block)
    {
        Entry[] entries = Volatile.Read(ref _entries);
        if (!TryEnd(block, entries))
        {
            return false;
        }

        Free(new ReadOnlySpan<DmaBlock>(in block), entries);
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
                blocks[found] = new DmaBlock(this, index, entry.Turn + 1);
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

    // A block that is rented becomes one that is not, but is not free yet. Of two threads, only one can do it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryEnd(in DmaBlock block, Entry[] entries)
    {
        if (block.Owner != this || (uint)block.Index >= (uint)entries.Length)
        {
            return false;
        }

        ref int turn = ref entries[block.Index].Turn;
        if (_free is null)
        {
            return Interlocked.CompareExchange(ref turn, block.Turn + 1, block.Turn) == block.Turn;
        }

        if (turn != block.Turn)
        {
            return false;
        }

        turn++;
        return true;
    }

    private void Free(ReadOnlySpan<DmaBlock> blocks, Entry[] entries)
    {
        if (_free is int[] free)
        {
            Span<int> places = free.AsSpan(_freeCount, blocks.Length);
            for (int i = 0; i < blocks.Length; i++)
            {
                places[i] = blocks[i].Index;
            }

            _freeCount += blocks.Length;
            return;
        }

        if (blocks.IsEmpty)
        {
            return;
        }

        for (int i = 0; i + 1 < blocks.Length; i++)
        {
            Volatile.Write(ref entries[blocks[i].Index].Next, blocks[i + 1].Index);
        }

        ref int last = ref entries[blocks[^1].Index].Next;
        while (true)
        {
            long head = Volatile.Read(ref _head);
            Volatile.Write(ref last, (int)(uint)head - 1);
            if (Interlocked.CompareExchange(ref _head, Advance(head, (uint)(blocks[0].Index + 1)), head) == head)
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
