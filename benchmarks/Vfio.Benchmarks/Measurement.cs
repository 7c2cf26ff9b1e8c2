using System.Diagnostics;

namespace Vfio.Benchmarks;

/// <summary>Measures the same work in C and in C#, alternately, so that a disturbance affects both.</summary>
/// <param name="CNanoseconds">The time of one access in C, the median of the rounds.</param>
/// <param name="Nanoseconds">The time of one access in C#, the median of the rounds.</param>
/// <param name="Ratio">The ratio of C# to C, the median of the rounds.</param>
/// <param name="Allocated">The bytes that C# allocated in all rounds.</param>
/// <param name="CLeast">The time of one access in C, the least of the rounds.</param>
internal sealed record Measurement(
    double CNanoseconds, double Nanoseconds, double Ratio, long Allocated, double CLeast)
{
    /// <summary>
    /// Gets how many nanoseconds C# takes more than C on an idle host: other work slows both by the same factor.
    /// </summary>
    public double Beyond => (Ratio - 1) * CLeast;

    /// <summary>The time without calls that the runtime needs to recompile code that was called often.</summary>
    public static readonly TimeSpan CompilerRest = TimeSpan.FromMilliseconds(150);

    private const int UsualRounds = 41;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(16); // of both together

    /// <param name="c">The loop in C; it takes the number of rounds.</param>
    /// <param name="ours">The loop in C#.</param>
    /// <param name="accesses">The number of accesses in one iteration of the loops.</param>
    public static Measurement Of(Func<ulong, ulong> c, Func<ulong, ulong> ours, int accesses)
    {
        WarmUp(ours);
        return Of(c, ours, accesses, Calibrate(c, ours), UsualRounds);
    }

    /// <summary>
    /// Measures work for which thousands of warm-up iterations would take too long; the caller has warmed it up.
    /// </summary>
    /// <param name="c">The loop in C; it takes the number of rounds.</param>
    /// <param name="ours">The loop in C#.</param>
    /// <param name="accesses">The number of accesses in one iteration of the loops.</param>
    /// <param name="count">The number of iterations in each measurement.</param>
    /// <param name="rounds">The number of measurements of each.</param>
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

        return new Measurement(
            Median(cTimes) / accesses, Median(times) / accesses, Median(ratios), allocated, cTimes.Min() / accesses);
    }

    // A method is recompiled after 30 calls, first with counters, then with their results, each time 100 ms after the
    // runtime becomes idle; a running loop is replaced too. So calls and pauses alternate until all that is over.
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

    // Returns the nanoseconds of one iteration of the loop.
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
