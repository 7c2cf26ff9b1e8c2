using System.Diagnostics;

namespace Vfio.Tests;

/// <summary>
/// Waits for events that are not signalled. The limit only ends a hang: no test may depend on its length.
/// </summary>
internal static class Eventually
{
    /// <summary>A limit that is long enough for a host that is busy with everything else.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Waits until the condition holds, and fails if it never does.</summary>
    public static void Holds(Func<bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Limit, $"not within {Limit.TotalSeconds} s: {what}");
            Thread.Sleep(2);
        }
    }
}
