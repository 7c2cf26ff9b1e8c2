using Vfio.Backends;

namespace Vfio;

// What the devices do with it: they come, and go.
public sealed partial class IoAddressSpace
{
    /// <summary>Opens a device into the address space. The first one that fails ends it.</summary>
    internal IDeviceBackend Enter(Func<IDeviceBackend> open)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            IDeviceBackend? device = null;
            try
            {
                device = open();
                Refresh();
                _devices++;
                return device;
            }
            catch
            {
                device?.Dispose();
                if (_devices == 0)
                {
                    _isClosed = true;
                    _backend.Dispose();
                }

                throw;
            }
        }
    }

    /// <summary>A device goes, and is off the bus. With the last one all that is mapped ends.</summary>
    /// <returns>Whether it was the last: the caller closes the device, then this.</returns>
    internal bool Leave()
    {
        lock (_lock)
        {
            if (--_devices > 0)
            {
                return false;
            }

            _isClosed = true;
            Leaks = Describe(_ledger.Live);
            if (_ledger.Count != 0)
            {
                try
                {
                    _backend.UnmapAll();
                }
                catch (VfioException)
                {
                    // Closing the address space takes back what this could not.
                }
            }

            return true;
        }
    }

    /// <summary>After the last device is closed: lets go of the kernel's address space, and then of the memory.</summary>
    internal void Close()
    {
        _backend.Dispose();
        lock (_lock)
        {
            foreach (DmaMapping mapping in _ledger.Clear())
            {
                mapping.End();
            }
        }
    }

    private void Refresh()
    {
        AddressSpaceInfo info = _backend.GetInfo();
        _ranges = info.Ranges;
        _pageSizes = info.PageSizes;
        ulong smallest = _pageSizes == 0 ? 1 : 1ul << System.Numerics.BitOperations.TrailingZeroCount(_pageSizes);
        PageSize = Math.Max((ulong)Environment.SystemPageSize, smallest);
    }
}
