using System.Numerics;

namespace Vfio;

/// <summary>
/// Tracks the pages that one device writes. The device itself does the tracking
/// (<c>VFIO_DEVICE_FEATURE_DMA_LOGGING_START</c> and its companions in <c>linux/vfio.h</c>). For callers that copy
/// memory while the device runs, if the IOMMU does not support dirty tracking
/// (<see cref="IoAddressSpace.StartDirtyTracking"/>).
/// </summary>
/// <remarks>
/// The caller owns the tracker. Disposing it, or the device, ends the tracking. A device can have only one at a time.
/// Thread-safe.
/// </remarks>
public sealed class DeviceDirtyTracker : IDisposable
{
    // The smallest page size that the kernel reports.
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

    /// <summary>
    /// Gets the number of bytes that one bit represents: the requested one, or the one that the device supports.
    /// </summary>
    public ulong PageSize { get; }

    /// <summary>Gets the tracked addresses, sorted.</summary>
    public IReadOnlyList<IovaRange> Ranges => _ranges;

    /// <summary>Reads which pages were written since the last call, or since tracking began.</summary>
    /// <param name="first">The first address; a multiple of <see cref="PageSize"/>.</param>
    /// <param name="length">
    /// The length in bytes; a multiple of <see cref="PageSize"/>, more than 0. Within one of <see cref="Ranges"/>.
    /// </param>
    /// <param name="bitmap">One bit per page, the first page in bit 0 of the first word; overwritten.</param>
    /// <returns>The number of pages that were written.</returns>
    /// <exception cref="ArgumentException">
    /// The addresses are not whole pages or not tracked, or the bitmap is too short.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The tracking has ended.</exception>
    /// <exception cref="VfioException">
    /// The device failed: all pages count as dirty, and tracking has to be started again.
    /// </exception>
    public int Read(Iova first, ulong length, Span<ulong> bitmap)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (length == 0 || length % PageSize != 0 || first.Value % PageSize != 0)
        {
            throw new ArgumentException($"the tracker works with whole pages of {PageSize} bytes", nameof(length));
        }

        ulong last = first.Value + (length - 1);
        if (!Array.Exists(_ranges, range => range.Contains(first.Value, last)))
        {
            throw new ArgumentException(
                $"the {length} bytes at {first} are not within one tracked range", nameof(first));
        }

        ulong words = ((length / PageSize) + 63) / 64;
        if ((ulong)bitmap.Length < words)
        {
            throw new ArgumentException($"{length / PageSize} pages need {words} words in the bitmap", nameof(bitmap));
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
                "treat all pages as written, dispose the tracker and start another");
        }

        int count = 0;
        foreach (ulong word in bitmap)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>Reads which pages of a mapping were written since the last call, or since tracking began.</summary>
    /// <param name="mapping">The mapping, all of which must be tracked.</param>
    /// <param name="bitmap">One bit per page, the first page in bit 0 of the first word; overwritten.</param>
    /// <inheritdoc cref="Read(Iova, ulong, Span{ulong})"/>
    public int Read(DmaMapping mapping, Span<ulong> bitmap)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        return Read(mapping.Iova, mapping.Length, bitmap);
    }

    /// <summary>Ends the tracking. Can be called more than once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            try
            {
                _ = _log.StopDmaLog(); // if this fails, the device was removed
            }
            catch (ObjectDisposedException)
            {
                // The device was closed, which ended the tracking.
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
            throw new NotSupportedException($"{name} cannot track its dirty pages");
        }

        int errno = log.StartDmaLog(sorted, ref chosen);
        switch (errno)
        {
            case 0: break;
            case Errno.ENOTTY or Errno.EOPNOTSUPP:
                throw new NotSupportedException($"{name} cannot track its dirty pages");
            default:
                throw new VfioException("VFIO_DEVICE_FEATURE_DMA_LOGGING_START", name, errno, errno switch
                {
                    Errno.E2BIG => "there are more ranges than the kernel accepts; it always accepts 256",
                    Errno.EINVAL => "another program with the same device may already track its dirty pages; or the "
                        + "device cannot track these addresses",
                    _ => null,
                });
        }

        if (!BitOperations.IsPow2(chosen) || chosen < LeastPage)
        {
            _ = log.StopDmaLog();
            throw new VfioException(
                "VFIO_DEVICE_FEATURE_DMA_LOGGING_START", name, $"the device reports a page size of {chosen} bytes");
        }

        if (Array.Exists(sorted, range => !IsWholePages(range, chosen)))
        {
            _ = log.StopDmaLog();
            throw new VfioException(
                "VFIO_DEVICE_FEATURE_DMA_LOGGING_START",
                name,
                $"the device tracks pages of {chosen} bytes, and the ranges are not multiples of that",
                $"pass pageSize {chosen}, and ranges that are multiples of it");
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
                nameof(pageSize), pageSize, $"the page size must be a power of two, at least {LeastPage}");
        }

        if (ranges.IsEmpty)
        {
            throw new ArgumentException("there is no range to track", nameof(ranges));
        }

        IovaRange[] sorted = ranges.ToArray();
        Array.Sort(sorted, (left, right) => left.First.CompareTo(right.First));
        for (int i = 0; i < sorted.Length; i++)
        {
            (Iova first, Iova last) = (sorted[i].First, sorted[i].Last);
            // The kernel counts the bytes of a range in 64 bits, which cannot hold the whole address space.
            if (last < first || !IsWholePages(sorted[i], pageSize) || last.Value == ulong.MaxValue)
            {
                throw new ArgumentException(
                    $"{sorted[i]} does not consist of whole pages of {pageSize} bytes, or contains "
                    + $"the last page of all",
                    nameof(ranges));
            }

            if (i > 0 && first <= sorted[i - 1].Last)
            {
                throw new ArgumentException($"{sorted[i - 1]} and {sorted[i]} overlap", nameof(ranges));
            }
        }

        return sorted;
    }
}
