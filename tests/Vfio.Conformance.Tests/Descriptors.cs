namespace Vfio.Conformance.Tests;

/// <summary>The descriptors that this process has open.</summary>
internal static class Descriptors
{
    // For what the runtime closes in its own time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What they refer to, sorted.</summary>
    public static string[] Read()
    {
        // What is closed by a finalizer has been, then.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return [.. Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(path => new FileInfo(path).LinkTarget ?? "").Order()];
    }

    /// <summary>Fails if more stay open than before. Fewer are no fault: what earlier tests left to the garbage collector ends at any time.</summary>
    public static void AssertNoMoreThan(string[] before)
    {
        string[] now = [];
        Assert.True(
            SpinWait.SpinUntil(() => (now = Read()).Length <= before.Length, Patience),
            $"{now.Length} descriptors are open, {before.Length} were before; new are {string.Join(", ", Without(now, before))}; gone are {string.Join(", ", Without(before, now))}");
    }

    private static List<string> Without(string[] all, string[] others)
    {
        List<string> left = [.. all];
        Array.ForEach(others, other => left.Remove(other));
        return left;
    }
}
