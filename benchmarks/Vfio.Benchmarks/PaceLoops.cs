using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>
/// Contains the operations of a driver's hot path, as a driver writes them; <c>benchmarks/baseline/pace.c</c> has the
/// same loops in C.
/// </summary>
internal static class PaceLoops
{
    public const int BufferLength = 4096;
    public const int PartLength = 1024;
    public const int PostLength = 64;
    private const int SliceLength = 64;
    private const int NamespaceOffset = 4; // in a command
    private const int BlockPartLength = 64;

    private static Register<RawUInt32> Doorbell => new(PaceQueue.SubmissionDoorbell);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong BufferRead(DmaBuffer buffer, ulong count)
    {
        ulong sum = 0;
        int offset = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += buffer.Read<uint>(offset);
            offset = offset + 4 == BufferLength ? 0 : offset + 4;
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong BufferWrite(DmaBuffer buffer, ulong count)
    {
        int offset = 0;
        for (ulong i = 0; i < count; i++)
        {
            buffer.Write(offset, (uint)i);
            offset = offset + 4 == BufferLength ? 0 : offset + 4;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong BufferSlice(DmaBuffer buffer, ulong count)
    {
        int offset = 0;
        for (ulong i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.Slice(offset, SliceLength), (uint)i);
            offset = offset + SliceLength == BufferLength ? 0 : offset + SliceLength;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong PartRead(DmaMemory part, ulong count)
    {
        ulong sum = 0;
        int offset = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += part.Read<uint>(offset);
            offset = offset + 4 == PartLength ? 0 : offset + 4;
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RingSet(DmaRing<PaceCommand> ring, ulong count)
    {
        int tail = 0;
        for (ulong i = 0; i < count; i++)
        {
            ring[tail] = PaceQueue.Build(tail, new Iova(i << 12), i);
            tail = tail + 1 == PaceQueue.Entries ? 0 : tail + 1;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RingGet(DmaRing<PaceCompletion> ring, ulong count)
    {
        ulong sum = 0;
        int head = 0;
        for (ulong i = 0; i < count; i++)
        {
            PaceCompletion completion = ring[head];
            sum += completion.Result + completion.Id + completion.Status;
            head = head + 1 == PaceQueue.Entries ? 0 : head + 1;
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RingRead(DmaRing<PaceCompletion> ring, ulong count)
    {
        ulong sum = 0;
        int head = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += ring.Read<ushort>(head, PaceCompletion.StatusOffset);
            head = head + 1 == PaceQueue.Entries ? 0 : head + 1;
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RingWrite(DmaRing<PaceCommand> ring, ulong count)
    {
        int tail = 0;
        for (ulong i = 0; i < count; i++)
        {
            ring.Write(tail, NamespaceOffset, (uint)i);
            tail = tail + 1 == PaceQueue.Entries ? 0 : tail + 1;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RingIova(DmaRing<PaceCommand> ring, ulong count)
    {
        ulong sum = 0;
        int index = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += ring.IovaOf(index).Value;
            index = index + 1 == PaceQueue.Entries ? 0 : index + 1;
        }

        return sum + count;
    }

    /// <summary>
    /// A block of a pool for any thread: a method of its own, because the compiler takes the calls into account.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong SharedBlock(DmaPool pool, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            DmaBlock block = pool.Rent();
            sum += (ulong)block.Index;
            block.Return();
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Block(DmaPool pool, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            DmaBlock block = pool.Rent();
            sum += (ulong)block.Index;
            block.Return();
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong SharedBurst(DmaPool pool, DmaBlock[] blocks, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count && pool.TryRent(blocks); i++)
        {
            sum += (ulong)blocks[0].Index;
            pool.Return(blocks);
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Burst(DmaPool pool, DmaBlock[] blocks, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count && pool.TryRent(blocks); i++)
        {
            sum += (ulong)blocks[0].Index;
            pool.Return(blocks);
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong BlockWrite(DmaBlock[] blocks, ulong count)
    {
        int index = 0;
        int offset = 0;
        for (ulong i = 0; i < count; i++)
        {
            blocks[index].Write(offset, (uint)i);
            offset = offset + 4 == BlockPartLength ? 0 : offset + 4;
            index = index + 1 == blocks.Length ? 0 : index + 1;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong BlockIova(DmaBlock[] blocks, ulong count)
    {
        ulong sum = 0;
        int index = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += blocks[index].Iova.Value;
            index = index + 1 == blocks.Length ? 0 : index + 1;
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong DoorbellWrite(Region region, ulong count)
    {
        uint tail = 0;
        for (ulong i = 0; i < count; i++)
        {
            tail = tail + 1 == PaceQueue.Entries ? 0 : tail + 1;
            region.WriteUInt32(PaceQueue.SubmissionDoorbell, tail);
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RegisterWrite(Region region, ulong count)
    {
        uint tail = 0;
        for (ulong i = 0; i < count; i++)
        {
            tail = tail + 1 == PaceQueue.Entries ? 0 : tail + 1;
            region.Write(Doorbell, new RawUInt32(tail));
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RegisterRead(Region region, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            sum += region.Read(Doorbell).Raw;
        }

        return sum + count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Post(DmaBuffer buffer, ReadOnlySpan<byte> data, ulong count)
    {
        int offset = 0;
        for (ulong i = 0; i < count; i++)
        {
            buffer.Post(offset, data);
            offset = offset + PostLength == BufferLength ? 0 : offset + PostLength;
        }

        return count;
    }

    /// <summary>A command that is submitted, and its completion.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Io(PaceQueue queue, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            queue.Submit(new Iova(i << 12), i);
            PaceCompletion completion;
            while (!queue.TryComplete(out completion))
            {
            }

            sum += completion.Result;
            if (queue.IsLapOver)
            {
                queue.CompleteLap();
            }
        }

        return sum + count;
    }

    /// <summary>The same with a block for its data, which is found by the command's id.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong IoWithBlock(PaceQueue queue, DmaPool pool, DmaBlock[] blocks, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            DmaBlock block = pool.Rent();
            blocks[queue.NextId] = block;
            queue.Submit(block.Iova, i);
            PaceCompletion completion;
            while (!queue.TryComplete(out completion))
            {
            }

            blocks[completion.Id].Return();
            sum += completion.Result;
            if (queue.IsLapOver)
            {
                queue.CompleteLap();
            }
        }

        return sum + count;
    }
}
