using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

// Resets of the bus, on which a device model is the only device, and writes that an eventfd triggers.
internal sealed partial class InProcessBackend
{
    private InterruptLoop? _events; // under _lock; created when it is needed, because it has a thread

    public HotResetInfo GetHotResetInfo()
    {
        session.CheckBusReset("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO");
        return new HotResetInfo(
            TellsOwners: true,
            OwnsAll: true,
            [new HotResetEntry(session.Address, Group: null, IsOwned: true, IsOpen: true)]);
    }

    public void HotReset(IReadOnlyList<IDeviceBackend> owned)
    {
        session.CheckBusReset("VFIO_DEVICE_PCI_HOT_RESET");
        session.Reset();
    }

    public void SetWriteOnEvent(RegionInfo region, ulong offset, int width, ulong value, SafeFileHandle? eventFd)
    {
        EventWrite write = new(region.Index, offset, width, value);
        if (eventFd is null)
        {
            session.EndEventWrite(write);
            return;
        }

        InterruptLoop events;
        lock (_lock)
        {
            session.CheckEventWrite(write);
            events = Events();
        }

        session.AddEventWrite(write, eventFd, events);
    }

    private InterruptLoop Events() => _events ??= new InterruptLoop($"events of {session.Name}");

    private void EndEventWrites()
    {
        session.EndEventWrites();
        lock (_lock)
        {
            _events?.Dispose();
        }
    }
}
