namespace Vfio;

/// <summary>
/// Records every live mapping of an address space, by address, and the last ones that ended. Not thread-safe.
/// </summary>
internal sealed class DmaLedger
{
    // Lower addresses are not used, so that 0 or a small number that a faulty driver passes is not a valid address.
    private const ulong Least = 0x10000;
    private const int Remembered = 256;

    private readonly List<DmaMapping> _live = [];
    private readonly Queue<DmaMapping> _ended = new();
    private ulong _next = Least;

    public int Count => _live.Count;

    public ulong Bytes { get; private set; }

    public int MostCount { get; private set; }

    public ulong MostBytes { get; private set; }

    public IReadOnlyList<DmaMapping> Live => _live;

    /// <summary>
    /// Finds a free range. The search continues after the previous result, so that an address is not reused
    /// immediately, and then starts at the beginning.
    /// </summary>
    public bool TryPlace(IovaRange[] ranges, ulong length, ulong alignment, ulong last, out ulong iova)
    {
        if (!TryPlace(ranges, Math.Max(_next, Least), length, alignment, last, out iova)
            && !TryPlace(ranges, Least, length, alignment, last, out iova))
        {
            return false;
        }

        _next = iova + length; // wraps around to 0 after the last address
        return true;
    }

    /// <summary>Finds the mapping that overlaps a range.</summary>
    public DmaMapping? FindOverlap(ulong first, ulong last)
    {
        int at = Intervals.FirstEndingAtOrAfter(_live, first);
        return at < _live.Count && _live[at].First <= last ? _live[at] : null;
    }

    /// <summary>
    /// Finds the mapping that contains an address; if there is none, the last former mapping there that is remembered.
    /// </summary>
    public DmaMapping? FindLast(ulong iova) =>
        FindOverlap(iova, iova) ?? _ended.LastOrDefault(mapping => iova >= mapping.First && iova <= mapping.Last);

    public void Add(DmaMapping mapping)
    {
        _live.Insert(Intervals.FirstEndingAtOrAfter(_live, mapping.First), mapping);
        Bytes += mapping.Length;
        MostCount = Math.Max(MostCount, _live.Count);
        MostBytes = Math.Max(MostBytes, Bytes);
    }

    public void Remove(DmaMapping mapping)
    {
        int at = Intervals.FirstEndingAtOrAfter(_live, mapping.First);
        _live.RemoveAt(at);
        Remember(mapping);
    }

    /// <summary>Removes all mappings.</summary>
    public IReadOnlyList<DmaMapping> Clear()
    {
        DmaMapping[] all = [.. _live];
        _live.Clear();
        Array.ForEach(all, Remember);
        return all;
    }

    /// <summary>Creates the error for an address range that is in use.</summary>
    public static VfioException Taken(DmaMapping mapping, ulong iova, ulong length) => new(
        "map",
        MapErrors.Describe(iova, length),
        Errno.EEXIST,
        $"{new IovaRange(mapping.Iova, new Iova(mapping.Last))} is already mapped, by {mapping.Owner}");

    private void Remember(DmaMapping mapping)
    {
        Bytes -= mapping.Length;
        if (_ended.Count == Remembered)
        {
            _ended.Dequeue();
        }

        _ended.Enqueue(mapping);
    }

    private bool TryPlace(IovaRange[] ranges, ulong from, ulong length, ulong alignment, ulong last, out ulong iova)
    {
        foreach (IovaRange range in ranges)
        {
            ulong end = Math.Min(range.Last.Value, last);
            ulong start = Math.Max(range.First.Value, from);
            if (!TryAlign(start, alignment, out iova))
            {
                continue;
            }

            for (int at = Intervals.FirstEndingAtOrAfter(_live, iova); iova <= end && end - iova >= length - 1; at++)
            {
                if (at == _live.Count || _live[at].First > iova + (length - 1))
                {
                    return true;
                }

                if (_live[at].Last == ulong.MaxValue || !TryAlign(_live[at].Last + 1, alignment, out iova))
                {
                    break;
                }
            }
        }

        iova = 0;
        return false;
    }

    private static bool TryAlign(ulong address, ulong alignment, out ulong aligned)
    {
        aligned = (address + (alignment - 1)) & ~(alignment - 1);
        return aligned >= address;
    }
}
