using System.Collections.Concurrent;

namespace Vfio.Emulation.Tests;

public sealed class DmaPoolTests : IDisposable
{
    private readonly EduModel _model = new();
    private readonly VfioDevice _device;

    public DmaPoolTests() => _device = _model.Open();

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(64, 64)]
    [InlineData(65, 128)]
    [InlineData(2048, 2048)]
    public void Blocks_are_equal_apart_and_within_the_buffer(int length, ulong stride)
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(length, 10);
        DmaBlock[] blocks = [.. Enumerable.Range(0, 10).Select(_ => pool.Rent())];
        Assert.Equal((length, 10), (pool.BlockLength, pool.Count));
        ulong[] iovas = [.. blocks.Select(block => block.Iova.Value).Order()];
        Assert.Equal(Enumerable.Range(0, 10).Select(i => pool.Buffer.Iova.Value + ((ulong)i * stride)), iovas);
        foreach (DmaBlock block in blocks)
        {
            Assert.Equal(length, block.Span.Length);
            block.Span.Fill((byte)(1 + block.Index));
        }

        Assert.All(blocks, block => Assert.Equal(
            (byte)(1 + block.Index), pool.Buffer.Slice(block.Offset, 1)[0]));
        Assert.All(blocks, block => Assert.True(block.Span.IndexOfAnyExcept((byte)(1 + block.Index)) < 0));
    }

    [Fact]
    public void An_empty_pool_says_so_and_a_block_comes_back_once()
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(16, 2, new DmaBufferOptions { Owner = "commands" });
        DmaBlock first = pool.Rent();
        DmaBlock second = pool.Rent();
        Assert.Contains(
            "commands", Assert.Throws<InvalidOperationException>(() => pool.Rent()).Message, StringComparison.Ordinal);
        Assert.False(pool.TryRent(out DmaBlock none));
        Assert.Throws<InvalidOperationException>(() => none.Iova);
        none.Dispose();
        first.Dispose();
        first.Dispose();
        Assert.Throws<InvalidOperationException>(first.Return);
        DmaBlock again = pool.Rent();
        Assert.Equal(first.Index, again.Index);
        second.Dispose();
        again.Dispose();
    }

    [Fact]
    public void After_disposal_nothing_is_rented_or_touched()
    {
        DmaPool pool = _device.AddressSpace.AllocatePool(16, 2);
        DmaBlock block = pool.Rent();
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Rent());
        Assert.Throws<ObjectDisposedException>(() => { _ = block.Span; });
        block.Dispose();
        Assert.Equal(0, _device.AddressSpace.GetUsage().Mappings);
    }

    [Fact]
    public void Sizes_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.AddressSpace.AllocatePool(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.AddressSpace.AllocatePool(1, 0));
        using DmaPool pool = _device.AddressSpace.AllocatePool(16, 1);
        Assert.Throws<ArgumentException>(() => { using DmaBounce bounce = pool.Bounce(new byte[17], DmaAccess.Read); });
        using DmaBlock all = pool.Rent();
    }

    [Fact]
    public void Threads_never_have_the_same_block()
    {
        const int Threads = 4;
        using DmaPool pool = _device.AddressSpace.AllocatePool(8, Threads + 2);
        ConcurrentQueue<string> wrongs = [];
        int[] owners = new int[pool.Count];
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            for (int i = 0; i < 200_000 && wrongs.IsEmpty; i++)
            {
                if (!pool.TryRent(out DmaBlock block))
                {
                    wrongs.Enqueue("there was none");
                    return;
                }

                if (Interlocked.CompareExchange(ref owners[block.Index], thread + 1, 0) != 0)
                {
                    wrongs.Enqueue($"block {block.Index} is {owners[block.Index]}'s");
                }

                Volatile.Write(ref owners[block.Index], 0);
                block.Dispose();
            }
        });
        Assert.Empty(wrongs);
        DmaBlock[] all = [.. Enumerable.Range(0, pool.Count).Select(_ => pool.Rent())];
        Assert.Equal(pool.Count, all.Select(block => block.Index).Distinct().Count());
    }

    [Theory]
    [InlineData(DmaPoolThreads.Any)]
    [InlineData(DmaPoolThreads.One)]
    public void Bursts_are_rented_and_returned_whole(DmaPoolThreads threads)
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(64, 8, threads: threads);
        DmaBlock[] blocks = new DmaBlock[5];
        Assert.True(pool.TryRent(blocks));
        Assert.Equal(5, blocks.Select(block => block.Index).Distinct().Count());
        DmaBlock[] more = new DmaBlock[4];
        Assert.False(pool.TryRent(more));
        Assert.All(more, block => Assert.Equal(default, block));
        Assert.True(pool.TryRent(more.AsSpan(0, 3)));
        Assert.False(pool.TryRent(out _));
        Assert.True(pool.TryRent([]));
        Assert.Throws<InvalidOperationException>(() => pool.Rent());
        pool.Return(blocks);
        pool.Return([]);
        pool.Return([more[2], more[0]]);
        more[1].Dispose();
        DmaBlock[] all = new DmaBlock[8];
        Assert.True(pool.TryRent(all));
        Assert.Equal(Enumerable.Range(0, 8), all.Select(block => block.Index).Order());
    }

    [Theory]
    [InlineData(DmaPoolThreads.Any)]
    [InlineData(DmaPoolThreads.One)]
    public void Blocks_that_are_not_all_rented_are_not_returned(DmaPoolThreads threads)
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(64, 4, threads: threads);
        using DmaPool other = _device.AddressSpace.AllocatePool(64, 4, threads: threads);
        DmaBlock[] blocks = new DmaBlock[3];
        Assert.True(pool.TryRent(blocks));
        DmaBlock foreign = other.Rent();
        DmaBlock returned = pool.Rent();
        returned.Return();
        DmaBlock[][] wrongs =
        [
            [blocks[0], returned, blocks[1]], [blocks[0], blocks[1], blocks[0]], [blocks[2], foreign], [default],
        ];
        foreach (DmaBlock[] wrong in wrongs)
        {
            Assert.Throws<InvalidOperationException>(() => pool.Return(wrong));
        }

        Assert.All(blocks, block => block.Span.Fill(1));
        Assert.True(pool.TryRent(out DmaBlock last));
        Assert.False(pool.TryRent(out _));
        pool.Return([last, .. blocks]);
        foreign.Return();
    }

    [Theory]
    [InlineData(DmaPoolThreads.Any)]
    [InlineData(DmaPoolThreads.One)]
    public void Every_member_of_a_returned_block_throws(DmaPoolThreads threads)
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(64, 1, threads: threads);
        DmaBlock block = pool.Rent();
        block.Write(8, 0x11223344u);
        Assert.Equal(0x11223344u, block.Read<uint>((nuint)8));
        Assert.Equal(0x11223344u, pool.Buffer.Read<uint>(block.Offset + 8));
        Assert.Equal(pool.Buffer.Iova + block.Offset, block.Iova);
        block.Return();
        AssertEnded<InvalidOperationException>(block);
        DmaBlock again = pool.Rent();
        AssertEnded<InvalidOperationException>(block);
        block.Dispose();
        again.Write(0, 1);
        pool.Dispose();
        AssertEnded<ObjectDisposedException>(again);
        again.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Return([again]));
        Assert.Throws<ObjectDisposedException>(() => pool.TryRent(new DmaBlock[1]));
        AssertEnded<InvalidOperationException>(default);
        default(DmaBlock).Dispose();
        Assert.Equal("block 0", again.ToString());
    }

    private static void AssertEnded<T>(DmaBlock block)
        where T : Exception
    {
        Assert.Throws<T>(() => block.Iova);
        Assert.Throws<T>(() => block.Offset);
        Assert.Throws<T>(() => { _ = block.Span; });
        Assert.Throws<T>(() => block.Read<uint>(0));
        Assert.Throws<T>(() => block.Write(0, 1u));
        Assert.Throws<T>(() => block.GetPages(0, 1));
        Assert.Throws<T>(block.Return);
    }

    [Fact]
    public void An_access_outside_a_block_is_refused()
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(60, 2);
        using DmaBlock block = pool.Rent();
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Read<uint>(60));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Read<ulong>(56));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Write(-4, 1u));
        Assert.Throws<ArgumentException>(() => block.Write(2, 1u));
        Assert.Throws<NotSupportedException>(() => block.Read<Guid>(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.GetPages(0, 61));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.GetPages(61, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.GetPages(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.GetPages(1, int.MaxValue));
    }

    [Fact]
    public void Blocks_of_a_page_are_pages()
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(4096, 3);
        DmaBlock[] blocks = new DmaBlock[3];
        Assert.True(pool.TryRent(blocks));
        Assert.All(blocks, block => Assert.Equal(0ul, block.Iova.Value % 4096));
        DmaPages pages = blocks[1].GetPages(512, 3584, 4096);
        Assert.Equal((1, blocks[1].Iova + 512), (pages.Count, pages[0].Iova));
        Assert.Equal(2, blocks[1].GetPages(512, 3584, 2048).Count);
    }

    [Fact]
    public void Threads_never_have_the_same_blocks_of_a_burst()
    {
        const int Threads = 4;
        using DmaPool pool = _device.AddressSpace.AllocatePool(8, Threads * 6);
        ConcurrentQueue<string> wrongs = [];
        int[] owners = new int[pool.Count];
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            DmaBlock[] blocks = new DmaBlock[6];
            for (int i = 0; i < 30_000 && wrongs.IsEmpty; i++)
            {
                Span<DmaBlock> burst = blocks.AsSpan(0, 1 + (i % 6));
                if (!pool.TryRent(burst))
                {
                    wrongs.Enqueue("there were none");
                    return;
                }

                foreach (DmaBlock block in burst)
                {
                    int before = Interlocked.CompareExchange(ref owners[block.Index], thread + 1, 0);
                    if (before != 0)
                    {
                        wrongs.Enqueue($"block {block.Index} is {before}'s");
                    }
                }

                foreach (DmaBlock block in burst)
                {
                    Volatile.Write(ref owners[block.Index], 0);
                }

                if (i % 3 == 0)
                {
                    burst[0].Return();
                    burst = burst[1..];
                }

                pool.Return(burst);
            }
        });
        Assert.Empty(wrongs);
        Assert.True(pool.TryRent(new DmaBlock[pool.Count]));
    }

    [Fact]
    public void Renting_bouncing_and_returning_allocate_nothing()
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(64, 4);
        byte[] data = new byte[64];
        using DmaPool ours = _device.AddressSpace.AllocatePool(64, 4, threads: DmaPoolThreads.One);
        DmaBlock[] burst = new DmaBlock[3];
        Work(pool, ours, burst, data, 100);
        Assert.Equal(0, Vfio.Tests.Allocation.Of(() => Work(pool, ours, burst, data, 10_000)));
    }

    private static void Work(DmaPool pool, DmaPool ours, DmaBlock[] burst, byte[] data, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = pool.TryRent(burst);
            pool.Return(burst);
            _ = ours.TryRent(burst);
            pool.Buffer.Write(0, burst[0].Offset);
            ours.Return(burst);
            using DmaBlock block = pool.Rent();
            block.Span[0] = (byte)i;
            pool.Buffer.Write(0, (ulong)i);
            using DmaBounce bounce = pool.Bounce(data, DmaAccess.ReadWrite);
        }
    }
}
