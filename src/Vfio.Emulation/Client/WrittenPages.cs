namespace Vfio.Emulation;

/// <summary>Which pages a device wrote, since it was asked last. A transfer marks them under the lock of its table.</summary>
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

    /// <summary>Sets the bits of a range's written pages, and forgets them.</summary>
    /// <param name="iova">Where the range starts.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="bitPage">Bytes that a bit stands for: a page, or several.</param>
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
