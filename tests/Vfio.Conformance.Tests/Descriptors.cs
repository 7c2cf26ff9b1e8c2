namespace Vfio.Conformance.Tests;

/// <summary>Counts the descriptors that this process has open.</summary>
internal static class Descriptors
{
    // Waits for descriptors that the runtime closes later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // After this, finalizers have closed theirs.
    public static int Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
    }

    /// <summary>
    /// Fails if more than <paramref name="most"/> stay open; otherwise returns the number, which the next step may not
    /// exceed.
    /// </summary>
    public static int AssertNoMoreThan(int most)
    {
        int count = most + 1;
        Assert.True(SpinWait.SpinUntil(() => (count = Count()) <= most, Patience), $"{count} descriptors are open; {most} were before");
        return count;
    }
}
