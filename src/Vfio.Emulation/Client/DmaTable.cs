namespace Vfio.Emulation;

/// <summary>What a client has mapped for a device: the IOMMU of a model. A transfer touches what is in here and nothing else.</summary>
/// <remarks>Any thread. A transfer holds the table's lock, so memory is not given back while it is being moved.</remarks>
internal sealed class DmaTable
{
    // As many as type1 allows a container (vfio_iommu_type1's dma_entry_limit).
    private const int MostMappings = 65535;

    private readonly Lock _lock = new();
    private readonly List<Mapping> _mappings = []; // by address, none over another
    private WrittenPages? _written;

    /// <summary>The record of pages that are written; none for null.</summary>
    public WrittenPages? Written
    {
        set
        {
            lock (_lock)
            {
                _written = value;
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _mappings.Count;
            }
        }
    }

    /// <summary>How many more mappings there may be.</summary>
    public int Room => MostMappings - Count;

    /// <summary>Lets the device reach memory.</summary>
    /// <exception cref="VfioException">EINVAL: empty, past the end of the addresses or of the target, or no permission at all;
    /// EEXIST: over another mapping; ENOSPC: too many.</exception>
    public void Map(ulong iova, ulong length, DmaAccess permission, DmaTarget target, ulong targetOffset = 0)
    {
        string subject = $"0x{iova:x} (0x{length:x} bytes)";
        bool isSound = length != 0 && iova <= ulong.MaxValue - (length - 1) && length <= target.Length && targetOffset <= target.Length - length
            && permission != DmaAccess.None && (permission & ~(DmaAccess.Read | DmaAccess.Write)) == 0;
        if (!isSound)
        {
            throw new VfioException("map", subject, Errno.EINVAL);
        }

        lock (_lock)
        {
            int at = Intervals.FirstEndingAtOrAfter(_mappings, iova);
            if (at < _mappings.Count && _mappings[at].First <= iova + (length - 1))
            {
                throw new VfioException("map", subject, Errno.EEXIST, $"0x{_mappings[at].First:x} to 0x{_mappings[at].Last:x} is mapped already");
            }

            if (_mappings.Count >= MostMappings)
            {
                throw new VfioException("map", subject, Errno.ENOSPC, "a model has as many entries as type1 by default (dma_entry_limit): map fewer and larger buffers");
            }

            _mappings.Insert(at, new Mapping(iova, iova + (length - 1), permission, target, targetOffset));
        }
    }

    /// <summary>Takes back every mapping that lies in the range; none may stick out of it.</summary>
    /// <returns>How many bytes were mapped there.</returns>
    /// <exception cref="VfioException">EINVAL: an empty range, or one that would cut a mapping in two.</exception>
    public ulong Unmap(ulong iova, ulong length)
    {
        string subject = $"0x{iova:x} (0x{length:x} bytes)";
        if (length == 0 || iova > ulong.MaxValue - (length - 1))
        {
            throw new VfioException("unmap", subject, Errno.EINVAL);
        }

        ulong last = iova + (length - 1);
        lock (_lock)
        {
            int first = Intervals.FirstEndingAtOrAfter(_mappings, iova);
            int end = first;
            ulong bytes = 0;
            for (; end < _mappings.Count && _mappings[end].First <= last; end++)
            {
                if (_mappings[end].First < iova || _mappings[end].Last > last)
                {
                    throw new VfioException("unmap", subject, Errno.EINVAL, "a mapping is taken back whole");
                }

                bytes += _mappings[end].Last - _mappings[end].First + 1;
            }

            _mappings.RemoveRange(first, end - first);
            return bytes;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _mappings.Clear();
        }
    }

    /// <summary>The device reads.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="stoppedAt">Where it was not done: the first address that is not mapped, or not for this.</param>
    public DmaResult TryRead(ulong iova, Span<byte> destination, out ulong stoppedAt)
    {
        lock (_lock)
        {
            DmaResult result = Check(iova, destination.Length, DmaAccess.Read, out stoppedAt);
            for (int done = 0; result == DmaResult.Completed && done < destination.Length;)
            {
                Mapping mapping = _mappings[Intervals.FirstEndingAtOrAfter(_mappings, iova + (ulong)done)];
                int count = mapping.CountFrom(iova + (ulong)done, destination.Length - done);
                mapping.Target.Read(mapping.OffsetOf(iova + (ulong)done), destination.Slice(done, count));
                done += count;
            }

            return result;
        }
    }

    /// <summary>The device writes.</summary>
    public DmaResult TryWrite(ulong iova, ReadOnlySpan<byte> source, out ulong stoppedAt)
    {
        lock (_lock)
        {
            DmaResult result = Check(iova, source.Length, DmaAccess.Write, out stoppedAt);
            for (int done = 0; result == DmaResult.Completed && done < source.Length;)
            {
                Mapping mapping = _mappings[Intervals.FirstEndingAtOrAfter(_mappings, iova + (ulong)done)];
                int count = mapping.CountFrom(iova + (ulong)done, source.Length - done);
                mapping.Target.Write(mapping.OffsetOf(iova + (ulong)done), source.Slice(done, count));
                _written?.Mark(iova + (ulong)done, (ulong)count);
                done += count;
            }

            return result;
        }
    }

    // Every byte is judged before the first is moved: a transfer that fails has done nothing.
    private DmaResult Check(ulong iova, int length, DmaAccess permission, out ulong stoppedAt)
    {
        stoppedAt = iova;
        if (length == 0)
        {
            return DmaResult.Completed;
        }

        if (iova > ulong.MaxValue - (ulong)(length - 1))
        {
            return DmaResult.NotMapped;
        }

        ulong last = iova + (ulong)(length - 1);
        DmaResult result = DmaResult.Completed;
        ulong next = iova;
        for (int at = Intervals.FirstEndingAtOrAfter(_mappings, iova); ; at++)
        {
            if (at == _mappings.Count || _mappings[at].First > next)
            {
                stoppedAt = next;
                return DmaResult.NotMapped;
            }

            if ((_mappings[at].Permission & permission) == 0 && result == DmaResult.Completed)
            {
                stoppedAt = next;
                result = DmaResult.NotPermitted;
            }

            if (_mappings[at].Last >= last)
            {
                return result;
            }

            next = _mappings[at].Last + 1;
        }
    }

    private readonly record struct Mapping(ulong First, ulong Last, DmaAccess Permission, DmaTarget Target, ulong TargetOffset) : IInterval
    {
        public ulong OffsetOf(ulong iova) => TargetOffset + (iova - First);

        public int CountFrom(ulong iova, int wanted) => (int)Math.Min(Last - iova, (ulong)wanted - 1) + 1;
    }
}
