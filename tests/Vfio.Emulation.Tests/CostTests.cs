using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>
/// Counts resources of this process, so nothing else may allocate, map or open anything at the same time.
/// </summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class CostTests
{
    private const int Accesses = 10_000;

    [Theory]
    [InlineData(RegionIndex.Bar0, RegionAccess.Trapped)]
    [InlineData(RegionIndex.Bar2, RegionAccess.Trapped)]
    [InlineData(RegionIndex.Bar4, RegionAccess.Mapped)]
    [InlineData(RegionIndex.Config, RegionAccess.Trapped)]
    public void Accesses_allocate_nothing(RegionIndex index, RegionAccess access)
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        using Region region = device.OpenRegion(index, access);
        Fill(model);
        AssertAllocatesNothing(() => Work(region));
    }

    [Fact]
    public void Interrupts_and_transfers_allocate_nothing()
    {
        using TestModel model = new();
        using ModelSession session = model.OpenSession(new Counter());
        session.Write(RegionIndex.Config, 4, 2, 6);
        session.Dma.Map(0, 0x1000, DmaAccess.Read | DmaAccess.Write, new MemoryTarget(0x1000));
        session.EnableInterrupts(IrqIndex.Msix, 8);
        byte[] bytes = new byte[64];
        void Work()
        {
            for (int i = 0; i < Accesses; i++)
            {
                model.Interrupts.Signal(i % 8);
                _ = model.Memory.TryRead((ulong)i % 0x800, bytes);
                _ = model.Memory.TryWrite((ulong)i % 0x800, bytes);
            }
        }

        AssertAllocatesNothing(Work);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Waits_for_interrupts_allocate_nothing(bool isInline)
    {
        const int Waits = 2_000;
        using TestModel model = new();
        using VfioDevice device = model.Open();
        using InterruptVector vector = device.Interrupts.Enable(
            IrqIndex.Msix, 3, new InterruptOptions { RunContinuationsInline = isInline });
        using CancellationTokenSource cancellation = new();
        // One call of an async method and the event that it sets at its end serve all waits; these allocations are not
        // counted.
        using ManualResetEventSlim done = new();
        Action work = () =>
        {
            done.Reset();
            WaitOften(vector, Waits, done, cancellation.Token);
            done.Wait();
        };
        work();
        long least = long.MaxValue;
        for (int round = 0; round < 10 && least >= Waits; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            work();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.InRange(least, 0, Waits - 1); // less than one byte per wait, so there are no allocations
    }

    [Fact]
    public void Devices_that_come_and_go_leave_no_mapping_and_no_descriptor()
    {
        Cycle(20);
        (int mappings, int descriptors) = Count();
        Cycle(200);
        (int mappingsAfter, int descriptorsAfter) = Count();
        Assert.Equal(mappings, mappingsAfter);
        Assert.Equal(descriptors, descriptorsAfter);
    }

    // All threads are counted, including those of the test runner. An access that allocates does so in every round.
    private static void AssertAllocatesNothing(Action work)
    {
        work();
        long least = long.MaxValue;
        for (int round = 0; round < 10 && least != 0; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            work();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.Equal(0, least);
    }

    private static async void WaitOften(
        InterruptVector vector, int waits, ManualResetEventSlim done, CancellationToken cancellationToken)
    {
        for (int i = 0; i < waits; i++)
        {
            ValueTask<ulong> wait = vector.WaitAsync(cancellationToken);
            vector.Trigger();
            await wait.ConfigureAwait(false);
            vector.Trigger();
            _ = vector.Wait(Timeout.InfiniteTimeSpan);
            vector.Trigger();
            _ = vector.Wait(Vfio.Tests.Eventually.Limit);
            vector.Trigger();
            _ = InterruptVector.WaitForAny([vector], Vfio.Tests.Eventually.Limit);
            _ = vector.ReadAndClear();
        }

        done.Set();
    }

    private static void Cycle(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            using TestModel model = new();
            for (int open = 0; open < 3; open++)
            {
                using VfioDevice device = model.Open();
                Region region = device.OpenRegion(RegionIndex.Bar4);
                region.WriteUInt32(0, 1);
                device.OpenRegion(RegionIndex.Bar2).ReadUInt32(TestModel.MemoryOffset);
            }

            if (round % 7 == 0)
            {
                using VfioDevice device = model.Open();
                device.OpenRegion(RegionIndex.Bar4).ReadUInt32(0);
                model.Faults.Remove();
            }
        }
    }

    // Address ranges are unmapped after the garbage collector has found that nothing refers to them.
    private static (int Mappings, int Descriptors) Count()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        int mappings = File.ReadLines("/proc/self/maps")
            .Count(line => line.Contains("vfio-model", StringComparison.Ordinal)
                || line.Contains("vfio-revoked", StringComparison.Ordinal));
        int descriptors = Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(path => new FileInfo(path).LinkTarget)
            .Count(target => target is not null && target.Contains("vfio-", StringComparison.Ordinal));
        return (mappings, descriptors);
    }

    private static void Work(Region region)
    {
        for (int i = 0; i < Accesses; i++)
        {
            region.WriteUInt32(0x3c, (uint)i);
            _ = region.ReadByte(0x3c);
            _ = region.ReadUInt16(0x3c);
            _ = region.ReadUInt32(0x3c);
            _ = region.ReadUInt64(0x38);
        }
    }

    // The log of the test model belongs to the test, and grows to 100 lines.
    private static void Fill(TestModel model)
    {
        while (model.Log.Count < 100)
        {
            model.Log.Add("full");
        }
    }

    private sealed class Counter : IModelClient
    {
        public int Count { get; private set; }

        public void Signal(IrqIndex kind, int vector) => Count++;
    }
}
