using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Its memory for other devices, as long as it lives.
public sealed unsafe partial class Region
{
    private readonly List<Action> _loans = []; // locked; each takes back what another device reaches

    /// <summary>
    /// Gets the address of a part of the region in this process, for other devices to reach it; null if the part is not
    /// mapped completely.
    /// </summary>
    internal nint? FindMapped(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_base != null && length <= _count8 && offset <= _count8 - length)
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
    /// A file of a part of the region, by which other devices can reach it; null if the backend has none.
    /// </summary>
    internal SafeFileHandle? TryExport(ulong offset, ulong length) =>
        (_backend as IMemoryExport)?.TryExport(Info, offset, length);

    /// <summary>
    /// Another device reaches this region, until <paramref name="takeBack"/> is called: at the region's disposal at the
    /// latest.
    /// </summary>
    /// <returns>Whether the region still exists; if not, nothing is lent.</returns>
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

    /// <summary>Ends a loan.</summary>
    internal void EndLoan(Action takeBack)
    {
        lock (_loans)
        {
            _loans.Remove(takeBack);
        }
    }
}
