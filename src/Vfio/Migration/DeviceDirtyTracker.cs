using System.Numerics;

namespace Vfio;

/// <summary>
/// Tracks the pages that one device writes. The device itself does the tracking
/// (<c>VFIO_DEVICE_FEATURE_DMA_LOGGING_START</c> and its companions in <c>linux/vfio.h</c>). For callers that copy
/// memory while the device runs, if the IOMMU does not support dirty tracking
/// (<see cref="IoAddressSpace.StartDirtyTracking"/>).
/// </summary>
/// <remarks>
/// The caller owns it; disposal ends the record, and so does disposal of the device. One at a time for a device. Any
/// thread.
/// </remarks>
public sealed class DeviceDirtyTracker : IDisposable
{
    // What the kernel reports by at the least.
    private const ulong LeastPage = 4096;

    private readonly IDmaLog _log;
    private readonly string _name;
    private readonly Action<DeviceDirtyTracker> _ended;
    private readonly IovaRange[] _ranges;
    private int _isDisposed;

    private DeviceDirtyTracker(
        IDmaLog log, string name, IovaRange[] ranges, ulong pageSize, Action<DeviceDirtyTracker> ended)
    {
        (_log, _name, _ranges, _ended) = (log, name, ranges, ended);
        PageSize = pageSize;
    }

    /// <summary>Gets what one bit stands for, in bytes: what was asked for, or what the device can.</summary>
    public ulong PageSize { get; }

    /// <summary>The addresses that are watched, sorted.</summary>
    public IReadOnlyList<IovaRange> Ranges => _ranges;

    /// <summary>Gets which pages were written since the last call, or since the record began.</summary>
    /// <param name="first">The first address; a multiple of <see cref="PageSize"/>.</param>
    /// <param name="length">Bytes; a multiple of <see cref="PageSize"/>, more than 0. Within one of
    /// <see cref="Ranges"/>.</param>
    /// <param name="bitmap">One bit a page, the first page in bit 0 of the first word; overwritten.</param>
    /// <returns>How many pages.</returns>
    /// <exception cref="ArgumentException">The addresses are not whole pages or not watched, or the bitmap is too
    /// short.</exception>
    /// <exception cref="ObjectDisposedException">The record has ended.</exception>
    /// <exception cref="VfioException">
    /// The device failed: all pages count as dirty, and tracking has to be started again.
    /// </exception>
    public int Read(Iova first, ulong length, Span<ulong> bitmap)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (length == 0 || length % PageSize != 0 || first.Value % PageSize != 0)
        {
            throw new ArgumentException($"the record has whole pages of {PageSize} bytes", nameof(length));
        }

        ulong last = first.Value + (length - 1);
        if (!Array.Exists(_ranges, range => range.Contains(first.Value, last)))
        {
            throw new ArgumentException(
                $"{first} and the {length} bytes from there on are not watched as one", nameof(first));
        }

        ulong words = ((length / PageSize) + 63) / 64;
        if ((ulong)bitmap.Length < words)
        {
            throw new ArgumentException($"{length / PageSize} pages need {words} words of bits", nameof(bitmap));
        }

        bitmap = bitmap[..(int)words];
        bitmap.Clear(); // the kernel sets bits and clears none
        int errno = _log.ReadDmaLog(first.Value, length, PageSize, bitmap);
        if (errno != 0)
        {
            throw new VfioException(
                "VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT",
                _name,
                errno,
                "take all pages as written, dispose the record and begin another");
        }

        int count = 0;
        foreach (ulong word in bitmap)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>Gets which pages of a mapping were written since the last call, or since the record began.</summary>
    /// <param name="mapping">The mapping, watched as a whole.</param>
    /// <param name="bitmap">One bit a page, the first page in bit 0 of the first word; overwritten.</param>
    /// <inheritdoc cref="Read(Iova, ulong, Span{ulong})"/>
    public int Read(DmaMapping mapping, Span<ulong> bitmap)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        return Read(mapping.Iova, mapping.Length, bitmap);
    }

    /// <summary>Ends the record. More than once is harmless.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            try
            {
                _ = _log.StopDmaLog(); // where it fails the device is gone
            }
            catch (ObjectDisposedException)
            {
                // The device was closed, and its record with it.
            }

            _ended(this);
        }
    }

    internal static DeviceDirtyTracker Start(
        IDeviceBackend backend,
        string name,
        ReadOnlySpan<IovaRange> ranges,
        ulong pageSize,
        Action<DeviceDirtyTracker> ended)
    {
        IovaRange[] sorted = Check(ranges, pageSize);
        ulong chosen = pageSize;
        if (backend is not IDmaLog log)
        {
            throw new NotSupportedException($"{name} keeps no record of what it writes");
        }

        int errno = log.StartDmaLog(sorted, ref chosen);
        switch (errno)
        {
            case 0: break;
            case Errno.ENOTTY or Errno.EOPNOTSUPP:
                throw new NotSupportedException($"{name} keeps no record of what it writes");
            default:
                throw new VfioException("VFIO_DEVICE_FEATURE_DMA_LOGGING_START", name, errno, errno switch
                {
                    Errno.E2BIG => "so many ranges are more than the kernel takes: 256 it always does",
                    Errno.EINVAL => "a record may be running already, which another program of the same device began; "
                        + "or the device cannot watch these addresses",
                    _ => null,
                });
        }

        if (!BitOperations.IsPow2(chosen) || chosen < LeastPage)
        {
            _ = log.StopDmaLog();
            throw new VfioException(
                "VFIO_DEVICE_FEATURE_DMA_LOGGING_START", name, $"the device names a page of {chosen} bytes");
        }

        if (Array.Exists(sorted, range => !IsWholePages(range, chosen)))
        {
            _ = log.StopDmaLog();
            throw new VfioException(
                "VFIO_DEVICE_FEATURE_DMA_LOGGING_START",
                name,
                $"the device records pages of {chosen} bytes, and the ranges are not whole ones",
                $"ask for pageSize {chosen}, and ranges of such pages");
        }

        return new DeviceDirtyTracker(log, name, sorted, chosen, ended);
    }

    private static bool IsWholePages(IovaRange range, ulong pageSize) =>
        range.First.Value % pageSize == 0 && range.Last.Value % pageSize == pageSize - 1;

    private static IovaRange[] Check(ReadOnlySpan<IovaRange> ranges, ulong pageSize)
    {
        if (!BitOperations.IsPow2(pageSize) || pageSize < LeastPage)
        {
            throw new ArgumentOutOfRangeException(
                nameof(pageSize), pageSize, $"a page is a power of two, {LeastPage} or more");
        }

        if (ranges.IsEmpty)
        {
            throw new ArgumentException("there is nothing to watch", nameof(ranges));
        }

        IovaRange[] sorted = ranges.ToArray();
        Array.Sort(sorted, (left, right) => left.First.CompareTo(right.First));
        for (int i = 0; i < sorted.Length; i++)
        {
            (Iova first, Iova last) = (sorted[i].First, sorted[i].Last);
            // The kernel counts the bytes of a range, which for all 64 bits it cannot.
            if (last < first || !IsWholePages(sorted[i], pageSize) || last.Value == ulong.MaxValue)
            {
                throw new ArgumentException(
                    $"{sorted[i]} is not whole pages of {pageSize} bytes, or includes the last of all", nameof(ranges));
            }

            if (i > 0 && first <= sorted[i - 1].Last)
            {
                throw new ArgumentException($"{sorted[i - 1]} and {sorted[i]} overlap", nameof(ranges));
            }
        }

        return sorted;
    }
}
