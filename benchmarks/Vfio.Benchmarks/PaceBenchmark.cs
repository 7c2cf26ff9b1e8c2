using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>
/// Measures the operations of a driver's hot path, alone and together, compared with C, and checks them against the
/// budgets. No device takes part: what is measured is the program's own work.
/// </summary>
internal sealed class PaceBenchmark
{
    private const double MostAccessRatio = 1.3; // of an access of memory or a register to C
    private const double MostAccessBeyond = 0.5; // or nanoseconds more than C, where C takes less than two
    private const double MostDoorbellBeyond = 0.3; // the same for a doorbell
    private const double MostIoRatio = 2.0; // of a whole transfer
    private const double MostSharedBlockRatio = 1.5; // of a block of a pool for any thread
    private const double MostBlock = 5; // nanoseconds, of a pool for one thread
    private const int BlockLength = 2048;
    private const int Blocks = 64;
    private const int Burst = 32;
    private const int RentedBlocks = 8; // so few that their memory is in the nearest cache, in C too

    private static readonly Budget Access = OfC(MostAccessRatio, MostAccessBeyond);
    private static readonly Budget Doorbell = OfC(MostAccessRatio, MostDoorbellBeyond);
    private static readonly Budget Io = OfC(MostIoRatio);
    private static readonly Budget Posted = OfC(MostAccessRatio);
    private static readonly Budget Shared = OfC(MostSharedBlockRatio);
    private static readonly Budget Block = new($"{MostBlock:0} ns", result => result.Nanoseconds <= MostBlock);

    private readonly PaceBaseline _c;
    private bool _isMet = true;

    private PaceBenchmark(PaceBaseline c) => _c = c;

    /// <returns>The exit code: 1 if a budget is missed.</returns>
    public static int Run(string library)
    {
        using BoardModel board = new();
        using VfioDevice boardDevice = board.Open();
        using Region bar = boardDevice.OpenRegion(RegionIndex.Bar2);
        using EduModel edu = new();
        using VfioDevice device = edu.Open();
        IoAddressSpace space = device.AddressSpace;
        using DmaBuffer memory = space.Allocate(PaceBaseline.MemoryLength);
        PaceBenchmark benchmark = new(new PaceBaseline(library, memory));
        Console.WriteLine($"{"",-38}{"C",10}{"C#",10}{"C#/C",6}{"bytes",6}  budget");
        benchmark.MeasureMemory(space);
        benchmark.MeasureRings(space);
        benchmark.MeasureBlocks(space);
        benchmark.MeasureRegisters(bar);
        benchmark.MeasureTransfers(space, bar);
        return benchmark._isMet ? 0 : 1;
    }

    private static Budget OfC(double ratio) => new($"{ratio:0.0}", result => result.Ratio <= ratio);

    private static Budget OfC(double ratio, double beyond) => new(
        $"{ratio:0.0} or +{beyond:0.0} ns",
        result => result.Ratio <= ratio || result.Beyond <= beyond);

    private void MeasureMemory(IoAddressSpace space)
    {
        using DmaBuffer buffer = space.Allocate(PaceLoops.BufferLength);
        DmaMemory part = buffer.Part(PaceLoops.PartLength, PaceLoops.PartLength);
        byte[] data = new byte[PaceLoops.PostLength];
        Console.WriteLine("memory");
        Measure("read, 32 bits", "pace_buffer_read", count => PaceLoops.BufferRead(buffer, count), Access);
        Measure("write, 32 bits", "pace_buffer_write", count => PaceLoops.BufferWrite(buffer, count), Access);
        Measure(
            "64 bytes as a span, a store in it",
            "pace_buffer_slice",
            count => PaceLoops.BufferSlice(buffer, count),
            Access);
        Measure("a part: read, 32 bits", "pace_part_read", count => PaceLoops.PartRead(part, count), Access);
        Measure("64 bytes posted", "pace_post", count => PaceLoops.Post(buffer, data, count), Posted);
    }

    private void MeasureRings(IoAddressSpace space)
    {
        using DmaRing<PaceCommand> commands = space.AllocateRing<PaceCommand>(PaceQueue.Entries);
        using DmaRing<PaceCompletion> completions = space.AllocateRing<PaceCompletion>(PaceQueue.Entries);
        Console.WriteLine("rings");
        Measure("an entry of 64 bytes built", "pace_ring_set", count => PaceLoops.RingSet(commands, count), Access);
        Measure("an entry of 16 bytes read", "pace_ring_get", count => PaceLoops.RingGet(completions, count), Access);
        Measure("a field read, 16 bits", "pace_ring_read", count => PaceLoops.RingRead(completions, count), Access);
        Measure("a field written, 32 bits", "pace_ring_write", count => PaceLoops.RingWrite(commands, count), Access);
        Measure("the IOVA of an entry", "pace_ring_iova", count => PaceLoops.RingIova(commands, count), Access);
    }

    private void MeasureBlocks(IoAddressSpace space)
    {
        using DmaPool shared = space.AllocatePool(BlockLength, Blocks);
        using DmaPool pool = space.AllocatePool(BlockLength, Blocks, threads: DmaPoolThreads.One);
        DmaBlock[] burst = new DmaBlock[Burst];
        DmaBlock[] blocks = new DmaBlock[RentedBlocks];
        Console.WriteLine("blocks, rented and returned");
        Measure("any thread, one", "pace_shared_block", count => PaceLoops.SharedBlock(shared, count), Shared);
        Measure(
            "any thread, one of 32",
            "pace_shared_burst",
            count => PaceLoops.SharedBurst(shared, burst, count),
            Shared,
            Burst);
        Measure("one thread, one", "pace_block", count => PaceLoops.Block(pool, count), Block);
        Measure("one thread, one of 32", "pace_burst", count => PaceLoops.Burst(pool, burst, count), Block, Burst);
        if (!pool.TryRent(blocks))
        {
            throw new InvalidOperationException("a burst was not returned");
        }

        Console.WriteLine("blocks that are rented");
        Measure("write, 32 bits", "pace_block_write", count => PaceLoops.BlockWrite(blocks, count), Access);
        Measure("the IOVA", "pace_block_iova", count => PaceLoops.BlockIova(blocks, count), Access);
    }

    private void MeasureRegisters(Region bar)
    {
        if (!bar.IsMapped)
        {
            throw new InvalidOperationException("the memory BAR must be mapped");
        }

        Console.WriteLine("registers");
        Measure("doorbell, by its offset", "pace_doorbell", count => PaceLoops.DoorbellWrite(bar, count), Doorbell);
        Measure("doorbell, as a register", "pace_doorbell", count => PaceLoops.RegisterWrite(bar, count), Doorbell);
        Measure("read, as a register", "pace_register_read", count => PaceLoops.RegisterRead(bar, count), Access);
    }

    private void MeasureTransfers(IoAddressSpace space, Region bar)
    {
        using DmaRing<PaceCommand> commands = space.AllocateRing<PaceCommand>(PaceQueue.Entries);
        using DmaRing<PaceCompletion> completions = space.AllocateRing<PaceCompletion>(PaceQueue.Entries);
        using DmaPool pool = space.AllocatePool(BlockLength, Blocks, threads: DmaPoolThreads.One);
        PaceQueue queue = new(commands, completions, bar);
        DmaBlock[] blocks = new DmaBlock[PaceQueue.Entries];
        Console.WriteLine("a command from its entry to its completion, without the device");
        Measure("on memory of the caller", "pace_io", count => PaceLoops.Io(queue, count), Io);
        Measure("on a block", "pace_io_block", count => PaceLoops.IoWithBlock(queue, pool, blocks, count), Io);
    }

    private void Measure(string name, string inC, Func<ulong, ulong> ours, Budget budget, int accesses = 1)
    {
        Measurement result = Measurement.Of(_c.Bind(inC), ours, accesses);
        bool isWithin = result.Allocated == 0 && budget.IsMet(result);
        _isMet &= isWithin;
        string row = $"  {name,-36}{result.CNanoseconds,7:0.00} ns{result.Nanoseconds,7:0.00} ns"
            + $"{result.Ratio,6:0.00}{result.Allocated,6}  {budget.Text,-14} {(isWithin ? "ok" : "MISSED")}";
        Console.WriteLine(row);
    }

    /// <param name="Text">The budget as the table shows it.</param>
    /// <param name="IsMet">Whether a measurement is within it.</param>
    private sealed record Budget(string Text, Func<Measurement, bool> IsMet);
}
