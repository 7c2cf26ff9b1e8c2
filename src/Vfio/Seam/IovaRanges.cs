namespace Vfio;

/// <summary>Sanitizes lists of ranges: whole pages, sorted, disjoint.</summary>
internal static class IovaRanges
{
    // For kernels that do not report it (type1 before Linux 5.4): what every IOMMU supports, without the MSI window of
    // x86.
    private static readonly (ulong First, ulong Last)[] Usual = [(0, 0xfedfffff), (0xfef00000, (1ul << 39) - 1)];

    public static IReadOnlyList<IovaRange> Normalize(IEnumerable<(ulong First, ulong Last)> ranges, ulong pageSize)
    {
        List<IovaRange> sound = [];
        foreach ((ulong first, ulong last) in ranges.Where(range => range.First <= range.Last)
            .OrderBy(range => range.First))
        {
            ulong start = first > ulong.MaxValue - (pageSize - 1)
                ? ulong.MaxValue
                : (first + (pageSize - 1)) & ~(pageSize - 1);
            // The end of the whole pages; 0 if they end at the last address, or if there are none.
            ulong behind = (last == ulong.MaxValue ? 0 : last + 1) & ~(pageSize - 1);
            ulong end = behind - 1;
            if (last < pageSize - 1 || start > end || end - start < pageSize - 1)
            {
                continue;
            }

            if (sound.Count != 0 && sound[^1].Last.Value >= start)
            {
                sound[^1] = new IovaRange(sound[^1].First, new Iova(Math.Max(sound[^1].Last.Value, end)));
            }
            else
            {
                sound.Add(new IovaRange(new Iova(start), new Iova(end)));
            }
        }

        return sound;
    }

    public static IReadOnlyList<IovaRange> Assume(ulong pageSize) => Normalize(Usual, pageSize);
}
