using Xunit;

namespace Vfio.Conformance.Tests;

/// <summary>How many descriptors this process has open.</summary>
internal static class Descriptors
{
    // For what the runtime closes in its own time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // What is closed by a finalizer has been, then.
    public static int Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
    }

    /// <summary>Fails when more than <paramref name="most"/> stay open; else says how many are, which the next step may not exceed.</summary>
    public static int AssertNoMoreThan(int most)
    {
        int count = most + 1;
        Assert.True(SpinWait.SpinUntil(() => (count = Count()) <= most, Patience), $"{count} descriptors are open; {most} were before");
        return count;
    }
}
