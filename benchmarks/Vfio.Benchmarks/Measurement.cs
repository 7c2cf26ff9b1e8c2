using System.Diagnostics;

namespace Vfio.Benchmarks;

/// <summary>The same work in C and in C#, in turn, so that what disturbs one disturbs the other.</summary>
/// <param name="CNanoseconds">Of one access in C, the median of the rounds.</param>
/// <param name="Nanoseconds">Of one access in C#, the median of the rounds.</param>
/// <param name="Ratio">C# to C, the median of the rounds' ratios.</param>
/// <param name="Allocated">Bytes that C# allocated in all rounds.</param>
internal sealed record Measurement(double CNanoseconds, double Nanoseconds, double Ratio, long Allocated)
{
    /// <summary>How long the runtime is left alone, so that it compiles anew what was called often.</summary>
    public static readonly TimeSpan CompilerRest = TimeSpan.FromMilliseconds(150);

    private const int UsualRounds = 41;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(16); // of both together

    /// <param name="c">The loop in C; it takes the number of rounds.</param>
    /// <param name="ours">The loop in C#.</param>
    /// <param name="accesses">How many accesses one round of the loops has.</param>
    public static Measurement Of(Func<ulong, ulong> c, Func<ulong, ulong> ours, int accesses)
    {
        WarmUp(ours);
        return Of(c, ours, accesses, Calibrate(c, ours), UsualRounds);
    }

    /// <summary>As the other, for work of which many thousands of rounds to warm up would take too long: the caller has warmed it up.</summary>
    /// <param name="c">The loop in C; it takes the number of rounds.</param>
    /// <param name="ours">The loop in C#.</param>
    /// <param name="accesses">How many accesses one round of the loops has.</param>
    /// <param name="count">How often the loops go round each time.</param>
    /// <param name="rounds">How many times each is measured.</param>
    public static Measurement Of(Func<ulong, ulong> c, Func<ulong, ulong> ours, int accesses, ulong count, int rounds)
    {
        double[] cTimes = new double[rounds];
        double[] times = new double[rounds];
        double[] ratios = new double[rounds];
        long allocated = 0;
        for (int round = 0; round < rounds; round++)
        {
            if (round % 2 == 0)
            {
                cTimes[round] = Time(c, count);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            times[round] = Time(ours, count);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            if (round % 2 != 0)
            {
                cTimes[round] = Time(c, count);
            }

            ratios[round] = times[round] / cTimes[round];
        }

        return new Measurement(Median(cTimes) / accesses, Median(times) / accesses, Median(ratios), allocated);
    }

    // A method is compiled anew after 30 calls, first with counters, then with what they say, each time 100 ms after the runtime
    // has come to rest; and a loop that is running is replaced. Calls and rests until all that is over.
    private static void WarmUp(Func<ulong, ulong> ours)
    {
        for (int rest = 0; rest < 4; rest++)
        {
            for (int call = 0; call < 64; call++)
            {
                _ = ours(1000);
            }

            Thread.Sleep(CompilerRest);
        }
    }

    private static ulong Calibrate(Func<ulong, ulong> c, Func<ulong, ulong> ours)
    {
        const ulong Trial = 200_000;
        double both = Math.Min(Time(c, Trial) + Time(ours, Trial), Time(c, Trial) + Time(ours, Trial));
        return (ulong)(RoundTime.TotalNanoseconds / both);
    }

    // Nanoseconds of one round of the loop.
    private static double Time(Func<ulong, ulong> work, ulong count)
    {
        long start = Stopwatch.GetTimestamp();
        _ = work(count);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
