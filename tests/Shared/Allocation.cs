namespace Vfio.Tests;

/// <summary>What code allocates on the thread that runs it.</summary>
internal static class Allocation
{
    private const int MostRounds = 5;

    /// <summary>
    /// The bytes that work allocates, the least of several rounds: while it compiles work again for better code, the
    /// runtime allocates now and then on this thread.
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
