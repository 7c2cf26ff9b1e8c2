using System.Numerics;

namespace Vfio;

/// <summary>
/// Tracks the pages that devices write, for programs that copy memory while a device runs. Type1v2 supports it, and
/// reports every pinned page as dirty; iommufd supports it if the IOMMU does.
/// </summary>
/// <remarks>
/// The caller owns the tracker, and disposal ends the tracking. An address space can have only one at a time.
/// </remarks>
public sealed class DirtyTracker : IDisposable
{
    private readonly IoAddressSpace _space;
    private int _isDisposed;

    internal DirtyTracker(IoAddressSpace space) => _space = space;

    /// <summary>Gets the number of bytes that one bit represents.</summary>
    public ulong PageSize => _space.PageSize;

    /// <summary>Reads which pages were written since the last call, or since tracking began.</summary>
    /// <param name="mapping">The mapping; for a buffer, <see cref="DmaMemory.Mapping"/>.</param>
    /// <param name="bitmap">One bit per page, the first page in bit 0 of the first word; overwritten.</param>
    /// <returns>The number of pages that were written.</returns>
    /// <exception cref="ArgumentException">
    /// The bitmap is too short, or the mapping belongs to another address space.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The tracker or the mapping has ended.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public int Read(DmaMapping mapping, Span<ulong> bitmap)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (mapping.Space != _space)
        {
            throw new ArgumentException("the mapping belongs to another address space", nameof(mapping));
        }

        ulong words = ((mapping.Length / PageSize) + 63) / 64;
        if ((ulong)bitmap.Length < words)
        {
            throw new ArgumentException(
                $"{mapping.Length / PageSize} pages need {words} words in the bitmap", nameof(bitmap));
        }

        bitmap = bitmap[..(int)words];
        bitmap.Clear();
        _space.ReadDirty(mapping, bitmap);
        int count = 0;
        foreach (ulong word in bitmap)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>Ends the tracking. Never throws, and can be called more than once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Disposal.Quietly(_space.EndDirtyTracking);
        }
    }
}

// The part of dirty tracking that the address space does.
public sealed partial class IoAddressSpace
{
    private bool _isTracking;

    /// <summary>Starts tracking the pages that devices write.</summary>
    /// <returns>The tracker; the caller owns it.</returns>
    /// <exception cref="InvalidOperationException">
    /// The address space already has a tracker, or no device is in it.
    /// </exception>
    /// <exception cref="NotSupportedException">The kernel or the IOMMU does not support it.</exception>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public DirtyTracker StartDirtyTracking()
    {
        lock (_lock)
        {
            IAddressSpaceBackend backend = CheckInUse();
            if (_isTracking)
            {
                throw new InvalidOperationException(
                    "dirty pages of the address space are tracked already; dispose that tracker first");
            }

            backend.SetDirtyTracking(isOn: true);
            _isTracking = true;
            return new DirtyTracker(this);
        }
    }

    internal void ReadDirty(DmaMapping mapping, Span<ulong> bitmap)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed || !mapping.IsLive, mapping);
            CheckInUse().ReadDirty(mapping.First, mapping.Length, PageSize, bitmap);
        }
    }

    internal void EndDirtyTracking()
    {
        lock (_lock)
        {
            _isTracking = false;
            if (!_isClosed)
            {
                _backend?.SetDirtyTracking(isOn: false);
            }
        }
    }
}
