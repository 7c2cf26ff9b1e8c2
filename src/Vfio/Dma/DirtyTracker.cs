using System.Numerics;

namespace Vfio;

/// <summary>
/// The record of pages that devices write, for who copies memory while a device runs. Type1's second version keeps one, which counts every page
/// that is pinned as written; iommufd keeps one where the IOMMU can tell.
/// </summary>
/// <remarks>The caller owns it; disposal ends the record. One at a time for an address space.</remarks>
public sealed class DirtyTracker : IDisposable
{
    private readonly IoAddressSpace _space;
    private int _isDisposed;

    internal DirtyTracker(IoAddressSpace space) => _space = space;

    /// <summary>What one bit stands for, in bytes.</summary>
    public ulong PageSize => _space.PageSize;

    /// <summary>Which pages were written since the last call, or since the record began.</summary>
    /// <param name="mapping">The mapping; <see cref="DmaBuffer.Mapping"/> for a buffer.</param>
    /// <param name="bitmap">One bit a page, the first page in bit 0 of the first word; overwritten.</param>
    /// <returns>How many pages.</returns>
    /// <exception cref="ArgumentException">The bitmap is too short, or the mapping is of another address space.</exception>
    /// <exception cref="ObjectDisposedException">The record, or the mapping, has ended.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public int Read(DmaMapping mapping, Span<ulong> bitmap)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (mapping.Space != _space)
        {
            throw new ArgumentException("the mapping is of another address space", nameof(mapping));
        }

        ulong words = ((mapping.Length / PageSize) + 63) / 64;
        if ((ulong)bitmap.Length < words)
        {
            throw new ArgumentException($"{mapping.Length / PageSize} pages need {words} words of bits", nameof(bitmap));
        }

        bitmap = bitmap[..(int)words];
        bitmap.Clear();
        _space.ReadWritten(mapping, bitmap);
        int count = 0;
        foreach (ulong word in bitmap)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>Ends the record. More than once is harmless.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _space.EndWriteLog();
        }
    }
}

// The record's side of the address space.
public sealed partial class IoAddressSpace
{
    private bool _isLogging;

    /// <summary>Begins a record of the pages that devices write.</summary>
    /// <returns>The record; the caller owns it.</returns>
    /// <exception cref="InvalidOperationException">There is a record already.</exception>
    /// <exception cref="NotSupportedException">The kernel, or the IOMMU, keeps none.</exception>
    /// <exception cref="ObjectDisposedException">The last device of the address space was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public DirtyTracker StartDirtyTracking()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_isLogging)
            {
                throw new InvalidOperationException("the address space has a record of writes already; dispose that first");
            }

            _backend.SetDirtyTracking(isOn: true);
            _isLogging = true;
            return new DirtyTracker(this);
        }
    }

    internal void ReadWritten(DmaMapping mapping, Span<ulong> bitmap)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed || !mapping.IsLive, mapping);
            _backend.ReadDirty(mapping.First, mapping.Length, PageSize, bitmap);
        }
    }

    internal void EndWriteLog()
    {
        lock (_lock)
        {
            _isLogging = false;
            if (!_isClosed)
            {
                _backend.SetDirtyTracking(isOn: false);
            }
        }
    }
}
