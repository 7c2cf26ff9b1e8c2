using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Memory of the region that other devices access, as long as the region exists.
public sealed unsafe partial class Region
{
    private readonly List<Action> _loans = []; // under the lock; each ends the access of another device

    /// <summary>
    /// Gets the address of a part of the region in this process, so that other devices can access it;
    /// <see langword="null"/> if the part is not mapped completely.
    /// </summary>
    internal nint? FindMapped(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_base != null && _bounds.ContainRange(offset, length))
        {
            return (nint)(_base + offset);
        }

        Window window = Array.Find(
            _otherWindows,
            window => offset >= window.Start
                && length <= window.Length
                && offset - window.Start <= window.Length - length);
        return window.Base == null ? null : (nint)(window.Base + (offset - window.Start));
    }

    /// <summary>
    /// Gets a file of a part of the region, through which other devices can access it; <see langword="null"/> if the
    /// backend has none.
    /// </summary>
    internal SafeFileHandle? TryExport(ulong offset, ulong length) =>
        (_backend as IMemoryExport)?.TryExport(Info, offset, length);

    /// <summary>
    /// Records that another device accesses this region until <paramref name="takeBack"/> is called, at the latest when
    /// the region is disposed.
    /// </summary>
    /// <returns>Whether the region still exists; if not, nothing is recorded.</returns>
    internal bool TryLend(Action takeBack)
    {
        lock (_loans)
        {
            if (!_isDisposed)
            {
                _loans.Add(takeBack);
            }

            return !_isDisposed;
        }
    }

    /// <summary>Removes such a record.</summary>
    internal void EndLoan(Action takeBack)
    {
        lock (_loans)
        {
            _loans.Remove(takeBack);
        }
    }
}
