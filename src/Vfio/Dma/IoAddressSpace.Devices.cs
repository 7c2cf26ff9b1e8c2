namespace Vfio;

// What the devices do with it: they come, and go.
public sealed partial class IoAddressSpace
{
    private Action<IReadOnlyList<DmaMappingInfo>>? _leakReport;

    /// <summary>A device is about to be opened into the address space, which stays until it has left (<see cref="Leave"/>), opened or not.</summary>
    /// <exception cref="ObjectDisposedException">The last device has left.</exception>
    internal void Reserve()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _devices++;
        }
    }

    /// <summary>The device is open: what can be mapped may have changed with it.</summary>
    internal void Admit(Action<IReadOnlyList<DmaMappingInfo>>? leakReport)
    {
        lock (_lock)
        {
            Refresh();
            // Devices opened with the same options have one report, of one address space.
            _leakReport -= leakReport;
            _leakReport += leakReport;
        }
    }

    /// <summary>A device goes, and is off the bus. With the last one all that is mapped ends, and then the kernel's address space.</summary>
    /// <param name="closeDevice">Closes the device, between the two.</param>
    internal void Leave(Action? closeDevice)
    {
        bool isLast;
        lock (_lock)
        {
            isLast = --_devices == 0;
            if (isLast)
            {
                _isClosed = true;
                Leaks = Describe(_ledger.Live);
                try
                {
                    TakeAllBack();
                }
                catch (Exception e) when (e is VfioException or ObjectDisposedException)
                {
                    // Closing the address space takes back what this could not.
                }
            }
        }

        Disposal.InTurn([closeDevice ?? (static () => { }), .. isLast ? (Action[])[Close, ReportLeaks] : []]);
    }

    private void Close() => Disposal.InTurn([_backend.Dispose, EndAll]);

    private void EndAll()
    {
        lock (_lock)
        {
            foreach (DmaMapping mapping in _ledger.Clear())
            {
                mapping.End();
            }
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
        AddressSpaceInfo info = _backend.GetInfo();
        _ranges = [.. info.Ranges];
        ulong smallest = info.PageSizes == 0 ? 1 : 1ul << System.Numerics.BitOperations.TrailingZeroCount(info.PageSizes);
        PageSize = Math.Max((ulong)Environment.SystemPageSize, smallest);
    }
}
