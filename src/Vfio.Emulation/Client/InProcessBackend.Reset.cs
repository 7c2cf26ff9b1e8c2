using Microsoft.Win32.SafeHandles;
using Vfio.Backends;

namespace Vfio.Emulation;

// Resets of a bus on which a model is alone, and writes that an eventfd makes.
internal sealed partial class InProcessBackend
{
    private readonly Dictionary<EventWrite, EventWatch> _eventWrites = []; // locked by _lock

    public HotResetInfo GetHotResetInfo()
    {
        session.CheckBusReset("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO");
        return new HotResetInfo(TellsOwners: true, OwnsAll: true, [new HotResetEntry(session.Address, Group: null, IsOwned: true, IsOpen: true)]);
    }

    public void HotReset(IReadOnlyList<IDeviceBackend> owned)
    {
        session.CheckBusReset("VFIO_DEVICE_PCI_HOT_RESET");
        session.Reset();
    }

    public void SetWriteOnEvent(RegionInfo region, ulong offset, int width, ulong value, SafeFileHandle? eventFd)
    {
        EventWrite write = new(region.Index, offset, width, value);
        lock (_lock)
        {
            bool isThere = _eventWrites.TryGetValue(write, out EventWatch? watch);
            session.CheckEventWrite(write, isNew: eventFd is not null, isThere, _eventWrites.Count);
            if (eventFd is null)
            {
                _eventWrites.Remove(write);
                watch?.Dispose();
            }
            else
            {
                _eventWrites.Add(write, new EventWatch(eventFd, $"events of {session.Name}", () => session.WriteByEvent(write)));
            }
        }
    }

    private void EndEventWrites()
    {
        lock (_lock)
        {
            foreach (EventWatch watch in _eventWrites.Values)
            {
                watch.Dispose();
            }

            _eventWrites.Clear();
        }
    }
}
