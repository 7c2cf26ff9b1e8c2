namespace Vfio.Emulation;

/// <summary>
/// Records which pages a device wrote since the last read. A transfer marks pages under the lock of its table.
/// </summary>
internal sealed class WrittenPages(ulong pageSize)
{
    private readonly Lock _lock = new();
    private readonly HashSet<ulong> _pages = [];

    public void Mark(ulong iova, ulong length)
    {
        lock (_lock)
        {
            for (ulong page = iova / pageSize; page <= (iova + (length - 1)) / pageSize; page++)
            {
                _pages.Add(page);
            }
        }
    }

    /// <summary>Sets the bits of the pages in a range that were written, and clears the record of them.</summary>
    /// <param name="iova">The start of the range.</param>
    /// <param name="length">The length in bytes.</param>
    /// <param name="bitPage">The number of bytes per bit: one page or several.</param>
    /// <param name="bitmap">The bits.</param>
    public void Take(ulong iova, ulong length, ulong bitPage, Span<ulong> bitmap)
    {
        ulong first = iova / pageSize;
        lock (_lock)
        {
            for (ulong i = 0; i < length / pageSize; i++)
            {
                if (_pages.Remove(first + i))
                {
                    ulong bit = i * pageSize / bitPage;
                    bitmap[(int)(bit / 64)] |= 1ul << (int)(bit % 64);
                }
            }
        }
    }
}
