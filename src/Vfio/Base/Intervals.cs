namespace Vfio;

/// <summary>Represents a closed range of addresses.</summary>
internal interface IInterval
{
    ulong First { get; }

    ulong Last { get; }
}

/// <summary>Searches lists of disjoint ranges that are sorted by address.</summary>
internal static class Intervals
{
    /// <summary>
    /// Gets the index of the first range that ends at or after an address; the number of ranges if there is none.
    /// </summary>
    public static int FirstEndingAtOrAfter<T>(List<T> sorted, ulong address)
        where T : IInterval
    {
        int low = 0;
        int high = sorted.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle].Last < address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
