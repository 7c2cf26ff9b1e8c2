namespace Vfio.Tests;

/// <summary>Measures what code allocates on the thread that runs it.</summary>
internal static class Allocation
{
    private const int MostRounds = 5;

    /// <summary>
    /// Returns the bytes that the work allocates: the minimum of several rounds, because the runtime sometimes
    /// allocates on this thread while it recompiles the work.
    /// </summary>
    public static long Of(Action work)
    {
        long least = long.MaxValue;
        for (int round = 0; round < MostRounds && least != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
