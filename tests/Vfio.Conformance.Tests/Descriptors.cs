namespace Vfio.Conformance.Tests;

/// <summary>The descriptors that this process has open.</summary>
internal static class Descriptors
{
    // Waits for descriptors that the runtime closes later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Reads what each descriptor refers to, in order.</summary>
    public static string[] Read()
    {
        // After this, finalizers have closed theirs.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return [.. Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(path => new FileInfo(path).LinkTarget ?? "")
            .Order()];
    }

    /// <summary>
    /// Fails if more descriptors stay open than before. Fewer are allowed: the garbage collector may close those of
    /// earlier tests at any time.
    /// </summary>
    public static void AssertNoMoreThan(string[] before)
    {
        string[] now = [];
        Assert.True(
            SpinWait.SpinUntil(() => (now = Read()).Length <= before.Length, Patience),
            $"{now.Length} descriptors are open, {before.Length} were before; "
            + $"new are {string.Join(", ", Without(now, before))}; gone are {string.Join(", ", Without(before, now))}");
    }

    private static List<string> Without(string[] all, string[] others)
    {
        List<string> left = [.. all];
        Array.ForEach(others, other => left.Remove(other));
        return left;
    }
}
