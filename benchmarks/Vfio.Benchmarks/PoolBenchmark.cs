using System.Runtime.InteropServices;
using Vfio.Emulation;

namespace Vfio.Benchmarks;

/// <summary>
/// Measures the cost of renting and returning a block of a pool, compared with C, and checks it against the budget.
/// </summary>
internal static unsafe class PoolBenchmark
{
    private const double Most = 20; // nanoseconds
    private const int BlockLength = 2048;
    private const int Blocks = 64;

    /// <returns>The exit code: 1 if the budget is missed.</returns>
    public static int Run(string library)
    {
        nint c = NativeLibrary.Load(Path.GetFullPath(library));
        nint pool = ((delegate* unmanaged<nint>)NativeLibrary.GetExport(c, "pool_create"))();
        nint cycle = NativeLibrary.GetExport(c, "pool_cycle");
        using EduModel edu = new();
        using VfioDevice device = edu.Open();
        using DmaPool blocks = device.AddressSpace.AllocatePool(BlockLength, Blocks);
        Measurement result = Measurement.Of(
            count => ((delegate* unmanaged<nint, ulong, ulong, ulong>)cycle)(pool, 0, count),
            count => Cycle(blocks, count),
            accesses: 1);
        bool isMet = result.Nanoseconds < Most && result.Allocated == 0;
        Console.WriteLine("a block of a pool, rented and returned");
        Console.WriteLine(
            $"  {"one thread",-34}{result.CNanoseconds,7:0.00} ns{result.Nanoseconds,7:0.00} "
            + $"ns{result.Ratio,6:0.00}{result.Allocated,6}  {Most:0} ns  {(isMet ? "ok" : "MISSED")}");
        return isMet ? 0 : 1;
    }

    private static ulong Cycle(DmaPool pool, ulong count)
    {
        ulong sum = 0;
        for (ulong i = 0; i < count; i++)
        {
            DmaBlock block = pool.Rent();
            sum += (ulong)block.Index;
            block.Dispose();
        }

        return sum + count;
    }
}
