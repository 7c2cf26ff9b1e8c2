using System.Diagnostics.CodeAnalysis;

namespace Vfio;

// Devices that join and leave; the first one brings the backend.
public sealed partial class IoAddressSpace
{
    private IAddressSpaceBackend? _backend; // null before the first device, if made by Create
    private Action<IReadOnlyList<DmaMappingInfo>>? _leakReport;
    private bool _isOwned; // made by Create, and not yet disposed
    private bool _isDisposed;
    private bool _isClosed;
    private bool _wasOpen; // a device has been in it and decided on the backend
    private int _devices; // open, or being opened
    private int _open;
    private int _drops; // of the backend, when it last agreed with the ledger

    internal IAddressSpaceBackend? Backend => _backend;

    /// <summary>Gets the lock that is held while the first device opens and decides on the backend.</summary>
    internal Lock FirstOpen { get; } = new();

    // What is in the ledger is also mapped by the backend, unless it dropped its mappings with the last device.
    [MemberNotNullWhen(true, nameof(_backend))]
    private bool IsMappedByBackend => _backend is not null && _backend.Drops == _drops;

    /// <summary>
    /// Ends an address space made by <see cref="Create"/>, as soon as no device is in it: what is still mapped is
    /// unmapped and reported in <see cref="Leaks"/>. From now on nothing can be allocated or mapped. Does nothing to an
    /// address space that a device made for itself, which ends with its last device.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isOwned || _isDisposed)
            {
                return;
            }

            _isDisposed = true;
            if (_devices != 0)
            {
                return;
            }

            BeginClose();
        }

        Disposal.Quietly(Close, ReportLeaks);
    }

    /// <summary>
    /// Sets the backend, which the first device of an address space made by <see cref="Create"/> brings. It stays if
    /// the device opens.
    /// </summary>
    internal void Adopt(IAddressSpaceBackend backend)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed || _isDisposed, this);
            _backend = backend;
        }
    }

    /// <summary>
    /// Keeps the address space alive while a device is opened into it and used, until <see cref="Leave"/>.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    internal void Reserve()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed || _isDisposed, this);
            _devices++;
        }
    }

    /// <summary>
    /// Called when the device is open: reads the usable ranges again, and maps again what the backend dropped with the
    /// last device.
    /// </summary>
    /// <exception cref="VfioException">A mapping does not fit into the ranges any more.</exception>
    internal void Admit(Action<IReadOnlyList<DmaMappingInfo>>? leakReport)
    {
        lock (_lock)
        {
            Refresh();
            if (!IsMappedByBackend)
            {
                MapAgain();
            }

            _drops = _backend!.Drops;
            _open++;
            _wasOpen = true;
            // Devices that are opened with the same options share one report.
            _leakReport -= leakReport;
            _leakReport += leakReport;
        }
    }

    /// <summary>
    /// Called when a device leaves, after it has stopped DMA. With the last device all mappings and the backend's
    /// address space end, unless the caller of <see cref="Create"/> keeps it.
    /// </summary>
    /// <param name="wasAdmitted">Whether <see cref="Admit"/> was called for it.</param>
    /// <param name="closeDevice">Closes the device before the mappings end.</param>
    internal void Leave(bool wasAdmitted, Action? closeDevice)
    {
        bool isLast;
        IAddressSpaceBackend? unused = null;
        lock (_lock)
        {
            _devices--;
            _open -= wasAdmitted ? 1 : 0;
            isLast = _devices == 0 && (!_isOwned || _isDisposed);
            if (isLast)
            {
                BeginClose();
            }
            else if (_devices == 0 && !_wasOpen)
            {
                (unused, _backend) = (_backend, null);
            }
        }

        Disposal.Quietly(() => closeDevice?.Invoke(), () => unused?.Dispose());
        if (isLast)
        {
            Disposal.Quietly(Close, ReportLeaks);
        }
    }

    // Called under the lock.
    private IAddressSpaceBackend CheckInUse()
    {
        ObjectDisposedException.ThrowIf(_isClosed || _isDisposed, this);
        return _open != 0
            ? _backend!
            : throw new InvalidOperationException(
                "no device is in the address space: open one into it first (VfioOpenOptions.AddressSpace)");
    }

    private void MapAgain()
    {
        int done = 0;
        try
        {
            for (; done < _ledger.Count; done++)
            {
                DmaMapping mapping = _ledger.Live[done];
                _backend!.Map(
                    CheckRange(mapping.First, mapping.Length, MostBits),
                    mapping.Address,
                    mapping.Length,
                    mapping.Access);
            }
        }
        catch (VfioException e)
        {
            foreach (DmaMapping mapping in _ledger.Live.Take(done))
            {
                Disposal.Quietly(() => _backend!.Unmap(mapping.First, mapping.Length));
            }

            DmaMapping misfit = _ledger.Live[done];
            throw new VfioException(
                "map again",
                $"{new IovaRange(misfit.Iova, new Iova(misfit.Last))}, of {misfit.Owner}",
                e.Message,
                "unmap it before the device is opened into the address space");
        }
    }

    // Called under the lock.
    private void BeginClose()
    {
        _isClosed = true;
        Leaks = Describe(_ledger.Live);
        TryUnmapAll();
    }

    private void Close()
    {
        Disposal.Quietly(() => _backend?.Dispose());
        lock (_lock)
        {
            EndAll();
        }
    }

    // Called under the lock.
    private void EndAll()
    {
        foreach (DmaMapping mapping in _ledger.Clear())
        {
            mapping.End();
        }
    }

    private void ReportLeaks()
    {
        if (Leaks.Count != 0)
        {
            _leakReport?.Invoke(Leaks);
        }
    }

    private void Refresh()
    {
        AddressSpaceInfo info = _backend!.GetInfo();
        _ranges = [.. info.Ranges];
        ulong smallest = info.PageSizes == 0
            ? 1
            : 1ul << System.Numerics.BitOperations.TrailingZeroCount(info.PageSizes);
        PageSize = Math.Max((ulong)Environment.SystemPageSize, smallest);
    }
}
