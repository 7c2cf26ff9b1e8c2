namespace Vfio;

/// <summary>
/// Counts the mappings that the covers of disposed regions use in this process. The kernel limits them per process
/// (65,530, vm.max_map_count), and a runtime that cannot map memory any more ends; so the count is per process too.
/// </summary>
internal static class MappingBudget
{
    private const int Most = 8192;

    private static int _taken;

    /// <summary>
    /// Reserves mappings; if too few are left, disposed regions that nothing refers to are collected first.
    /// </summary>
    /// <returns>Whether they may be used; <see cref="Return"/> returns them.</returns>
    public static bool TryTake(int count)
    {
        if (TryAdd(count))
        {
            return true;
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        return TryAdd(count);
    }

    public static void Return(int count) => Interlocked.Add(ref _taken, -count);

    private static bool TryAdd(int count)
    {
        if (Interlocked.Add(ref _taken, count) <= Most)
        {
            return true;
        }

        Interlocked.Add(ref _taken, -count);
        return false;
    }
}
