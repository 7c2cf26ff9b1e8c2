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
            (byte)(1 + block.Index), pool.Buffer.Slice(block.Iova.Value - pool.Buffer.Iova.Value, 1)[0]));
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

    [Fact]
    public void Renting_bouncing_and_returning_allocate_nothing()
    {
        using DmaPool pool = _device.AddressSpace.AllocatePool(64, 4);
        byte[] data = new byte[64];
        Work(pool, data, 100);
        Assert.Equal(0, Vfio.Tests.Allocation.Of(() => Work(pool, data, 10_000)));
    }

    private static void Work(DmaPool pool, byte[] data, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using DmaBlock block = pool.Rent();
            block.Span[0] = (byte)i;
            pool.Buffer.Write(0, (ulong)i);
            using DmaBounce bounce = pool.Bounce(data, DmaAccess.ReadWrite);
        }
    }
}
