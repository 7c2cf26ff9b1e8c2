using System.Diagnostics.CodeAnalysis;

namespace Vfio;

// The devices that join and leave, and what they bring: the backend.
public sealed partial class IoAddressSpace
{
    private IAddressSpaceBackend? _backend; // null before the first device of one that was created
    private Action<IReadOnlyList<DmaMappingInfo>>? _leakReport;
    private bool _isOwned; // by the caller of Create, until it is disposed
    private bool _isDisposed;
    private bool _isClosed;
    private bool _wasOpen; // a device was in it, which decided on the backend
    private int _devices; // open, or about to be
    private int _open;
    private int _drops; // of the backend, when the ledger and it agreed last

    internal IAddressSpaceBackend? Backend => _backend;

    /// <summary>Held while the first device opens: it decides on the backend.</summary>
    internal Lock FirstOpen { get; } = new();

    // What is in the ledger is mapped by the backend too, unless that dropped it with the last device.
    [MemberNotNullWhen(true, nameof(_backend))]
    private bool IsMappedByBackend => _backend is not null && _backend.Drops == _drops;

    /// <summary>
    /// Ends an address space made by <see cref="Create"/>, once no device is in it: what is still mapped is unmapped
    /// and reported in <see cref="Leaks"/>. Nothing can be allocated or mapped from now on. Does nothing to the address
    /// space that a device made for itself, which ends with its last device.
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

    /// <summary>The first device of one that was created brings its backend, which stays if the device opens.</summary>
    internal void Adopt(IAddressSpaceBackend backend)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed || _isDisposed, this);
            _backend = backend;
        }
    }

    /// <summary>
    /// A device is about to be opened into the address space, which stays until it has left (<see cref="Leave"/>),
    /// opened or not.
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
    /// The device is open: what can be mapped may have changed with it. What the backend dropped with the last device
    /// is mapped again.
    /// </summary>
    /// <exception cref="VfioException">A mapping does not fit any more.</exception>
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
            // Devices opened with the same options have one report, of one address space.
            _leakReport -= leakReport;
            _leakReport += leakReport;
        }
    }

    /// <summary>
    /// A device goes, and does no DMA any more. With the last one all that is mapped ends, and then the backend's
    /// address space, unless the caller of <see cref="Create"/> keeps it.
    /// </summary>
    /// <param name="wasAdmitted">Whether it got as far as <see cref="Admit"/>.</param>
    /// <param name="closeDevice">Closes the device, between the two.</param>
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

    // Under the lock.
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

    // Under the lock.
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

    // Under the lock.
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
