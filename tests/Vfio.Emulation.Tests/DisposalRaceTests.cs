using System.Globalization;
using System.Runtime.CompilerServices;

namespace Vfio.Emulation.Tests;

/// <summary>
/// Ends memory while eight threads use it. Each thread ends with the exception that says so and with no other, nothing
/// is written to memory that is allocated afterwards, and nothing is left.
/// </summary>
public sealed class DisposalRaceTests : IDisposable
{
    private const int Users = 8;
    private const int Length = 4 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly int Rounds = Vfio.Tests.Soak.Times(60, 1_000);
    private readonly EduModel _model = new();

    public enum Subject
    {
        Buffer,
        Ring,
        Pool,
        Device,
    }

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(Subject.Buffer)]
    [InlineData(Subject.Ring)]
    [InlineData(Subject.Pool)]
    [InlineData(Subject.Device)]
    public void Eight_threads_see_the_end_and_nothing_else(Subject subject)
    {
        Run(subject, round: 0); // the C library reserves addresses for each new thread, once
        Collect();
        long before = ReadAddressSpace();
        for (int round = 0; round < Rounds; round++)
        {
            Run(subject, round);
        }

        // The address range of memory that has ended is freed by the garbage collector. The process has others, of its
        // threads and its heap, which are small beside that of a single buffer of each round.
        for (int attempt = 0; ReadAddressSpace() > before + ((long)Rounds * Length / 2); attempt++)
        {
            Assert.True(attempt < 100, $"{ReadAddressSpace()} bytes of addresses in use, {before} before");
            Collect();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Run(Subject subject, int round)
    {
        using VfioDevice device = _model.Open();
        IoAddressSpace space = device.AddressSpace;
        using DmaBuffer buffer = space.Allocate(Length);
        DmaRing<Entry> ring = new(buffer.Part(Length / 2, 4096), 0, 64);
        using DmaRing<Entry> owned = space.AllocateRing<Entry>(Length / 16);
        using DmaPool pool = space.AllocatePool(64, Length / 64);
        using DmaPool ofOneThread = space.AllocatePool(64, 64, threads: DmaPoolThreads.One);
        using Barrier start = new(Users + 1);
        Action<int>[] uses = subject switch
        {
            Subject.Buffer => [i => UseBuffer(buffer, i), i => UseRing(ring, i), i => UsePart(buffer, i)],
            Subject.Ring => [i => UseRing(owned, i), i => UseBuffer(owned.Memory, i)],
            Subject.Pool => [i => UsePool(pool, i), i => UseBursts(pool, i)],
            _ => [i => UseBuffer(buffer, i), i => UseRing(owned, i), i => UseBursts(pool, i), i => UsePool(pool, i)],
        };
        Exception?[] ends = new Exception?[Users];
        Thread[] threads = [.. Enumerable.Range(0, Users).Select(thread => new Thread(() =>
        {
            // A pool for one thread is used by one.
            Action<int> use = thread == 0 && subject is Subject.Device ? i => UseBursts(ofOneThread, i)
                : uses[thread % uses.Length];
            ends[thread] = Record.Exception(() => UseUntilTheEnd(use, start));
        }) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        start.SignalAndWait(TestContext.Current.CancellationToken);
        Thread.SpinWait(round % 50 * 40);
        IDisposable ended = subject switch
        {
            Subject.Buffer => buffer,
            Subject.Ring => owned,
            Subject.Pool => pool,
            _ => device,
        };
        ended.Dispose();

        using VfioDevice? again = subject == Subject.Device ? _model.Open() : null;
        using DmaBuffer next = (again ?? device).AddressSpace.Allocate(Length);
        Assert.All(threads, thread => Assert.True(thread.Join(Patience), "a thread does not see the end"));
        Assert.All(ends, exception => Assert.IsType<ObjectDisposedException>(exception));
        Assert.False(next.Span.ContainsAnyExcept((byte)0), "memory that was allocated later has been written");
        Assert.Equal(subject == Subject.Device ? 4 : 0, space.Leaks.Count);
    }

    private static void UseUntilTheEnd(Action<int> use, Barrier start)
    {
        use(0);
        start.SignalAndWait();
        for (int i = 1; ; i++)
        {
            use(i);
        }
    }

    private static void UseBuffer(DmaMemory memory, int i)
    {
        memory.Write(i % 128 * 8, ulong.MaxValue);
        _ = memory.Read<ulong>(i % 128 * 8);
        memory.Post(i % 512, [1, 2, 3]);
        _ = memory.GetPages(0, 512);
    }

    private static void UsePart(DmaBuffer buffer, int i)
    {
        DmaMemory part = buffer.Part(8, 64);
        part.Write(i % 8 * 8, ulong.MaxValue);
        DmaRing<Entry> ring = new(part, 0, 4);
        ring[i % 4] = default;
    }

    private static void UseRing(DmaRing<Entry> ring, int i)
    {
        ring[i % 64] = new Entry(ring.IovaOf(i % 64).Value, ulong.MaxValue);
        _ = ring[i % 64];
        ring.Write(i % 64, 8, ring.Read<ulong>(i % 64, 0));
    }

    private static void UsePool(DmaPool pool, int i)
    {
        DmaBlock block = pool.Rent();
        block.Write(i % 8 * 8, block.Iova.Value);
        _ = block.Read<ulong>(0);
        block.Return();
    }

    private static void UseBursts(DmaPool pool, int i)
    {
        DmaBlock[] blocks = new DmaBlock[4];
        Span<DmaBlock> burst = blocks.AsSpan(0, 1 + (i % 4));
        if (pool.TryRent(burst))
        {
            burst[0].Write(0, ulong.MaxValue);
            pool.Return(burst);
        }
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private static long ReadAddressSpace() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture)
        * Environment.SystemPageSize;

    private readonly record struct Entry(ulong First, ulong Second);
}
