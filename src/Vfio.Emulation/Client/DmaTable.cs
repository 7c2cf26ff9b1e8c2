namespace Vfio.Emulation;

/// <summary>
/// Represents the IOMMU of a device model: the memory that a client has mapped for the device. Transfers reach only
/// this memory.
/// </summary>
/// <remarks>
/// Any thread may use it. A transfer holds the table's lock, so memory cannot be unmapped while it is being copied.
/// </remarks>
internal sealed class DmaTable
{
    // The limit of a type1 container by default (dma_entry_limit of vfio_iommu_type1).
    private const int MostMappings = 65535;

    private readonly Lock _lock = new();
    private readonly List<Mapping> _mappings = []; // ordered by address, without overlaps
    private WrittenPages? _written;

    /// <summary>
    /// Sets the object that records the pages that the device writes; <see langword="null"/> for none.
    /// </summary>
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

    /// <summary>Gets how many more mappings can be added.</summary>
    public int Room => MostMappings - Count;

    /// <summary>Maps memory for the device.</summary>
    /// <exception cref="VfioException">EINVAL: the range is empty, ends after the last address or outside the target,
    /// or has no permission; EEXIST: it overlaps another mapping; ENOSPC: there are too many mappings.</exception>
    public void Map(ulong iova, ulong length, DmaAccess permission, DmaTarget target, ulong targetOffset = 0)
    {
        string subject = $"0x{iova:x} (0x{length:x} bytes)";
        bool isSound = length != 0
            && iova <= ulong.MaxValue - (length - 1)
            && length <= target.Length
            && targetOffset <= target.Length - length
            && permission != DmaAccess.None
            && (permission & ~(DmaAccess.Read | DmaAccess.Write)) == 0;
        if (!isSound)
        {
            throw new VfioException("map", subject, Errno.EINVAL);
        }

        lock (_lock)
        {
            int at = Intervals.FirstEndingAtOrAfter(_mappings, iova);
            if (at < _mappings.Count && _mappings[at].First <= iova + (length - 1))
            {
                throw new VfioException(
                    "map",
                    subject,
                    Errno.EEXIST,
                    $"0x{_mappings[at].First:x} to 0x{_mappings[at].Last:x} is already mapped");
            }

            if (_mappings.Count >= MostMappings)
            {
                throw new VfioException("map", subject, Errno.ENOSPC, "a device model has as many entries as type1 by "
                    + "default (dma_entry_limit): map fewer and larger buffers");
            }

            _mappings.Insert(at, new Mapping(iova, iova + (length - 1), permission, target, targetOffset));
        }
    }

    /// <summary>Removes every mapping in the range; none may cross the bounds of the range.</summary>
    /// <returns>The number of bytes that were mapped there.</returns>
    /// <exception cref="VfioException">EINVAL: the range is empty, or would split a mapping.</exception>
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
                    throw new VfioException("unmap", subject, Errno.EINVAL, "a mapping can only be removed as a whole");
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

    /// <summary>Performs a read by the device.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="stoppedAt">If the read fails, the first address that is not mapped or does not permit
    /// reads.</param>
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

    /// <summary>Performs a write by the device.</summary>
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

    // Checks every byte before the first is copied, so that a failed transfer has no effect.
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

    private readonly record struct Mapping(
        ulong First, ulong Last, DmaAccess Permission, DmaTarget Target, ulong TargetOffset) : IInterval
    {
        public ulong OffsetOf(ulong iova) => TargetOffset + (iova - First);

        public int CountFrom(ulong iova, int wanted) => (int)Math.Min(Last - iova, (ulong)wanted - 1) + 1;
    }
}
