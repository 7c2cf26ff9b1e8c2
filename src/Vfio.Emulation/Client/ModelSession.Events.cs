using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Emulation;

// The operations of a client besides regions: bus resets, and writes triggered by eventfds. They fail with the same
// errno as in vfio-pci.
internal sealed partial class ModelSession
{
    private const int MostEventWrites = 1000;

    private readonly Dictionary<EventWrite, EventSource> _eventWrites = []; // under the model's lock

    public PciAddress? Address => model.Address;

    /// <summary>Checks that the bus can be reset; a device model is the only device on its bus.</summary>
    public void CheckBusReset(string operation)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            if (model.IsRemoved || !model.CanReset)
            {
                throw new VfioException(operation, Name, Errno.ENODEV, model.IsRemoved
                    ? "the device was removed"
                    : "the device model does not support a reset (CanReset)");
            }
        }
    }

    /// <summary>
    /// Checks that an eventfd may write there: the place must be in a BAR, outside the MSI-X table, and the write must
    /// be new.
    /// </summary>
    public void CheckEventWrite(EventWrite write)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            int errno = model.BarAt(write.Region) is not ModelBar bar
                || !IsSound(bar.Length, write.Offset, write.Width)
                || bar.HasMsixTableAt(write.Offset, write.Width) ? Errno.EINVAL
                : _eventWrites.ContainsKey(write) ? Errno.EEXIST
                : _eventWrites.Count >= MostEventWrites ? Errno.ENOSPC
                : 0;
            if (errno != 0)
            {
                throw new VfioException("VFIO_DEVICE_IOEVENTFD", Place(write.Region, write.Offset), errno);
            }
        }
    }

    public void AddEventWrite(EventWrite write, SafeFileHandle eventFd, InterruptLoop loop)
    {
        lock (model.Sync)
        {
            CheckEventWrite(write);
            EventSource source = _eventWrites.Values.FirstOrDefault(source => source.Given == eventFd)
                ?? new EventSource(loop, eventFd, Place(write.Region, write.Offset), WriteByEvent);
            source.Writes.Add(write);
            _eventWrites.Add(write, source);
        }
    }

    /// <summary>Removes a write. When this method returns, no such write is in progress.</summary>
    public void EndEventWrite(EventWrite write)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            if (_eventWrites.Remove(write, out EventSource? source)
                && source.Writes.Remove(write)
                && source.Writes.Count == 0)
            {
                source.Dispose();
            }
        }
    }

    public void EndEventWrites()
    {
        lock (model.Sync)
        {
            foreach (EventSource source in _eventWrites.Values.Distinct())
            {
                source.Dispose();
            }

            _eventWrites.Clear();
        }
    }

    // A write to a device that does not decode or was removed is lost, and the error is reported to no one.
    private void WriteByEvent(EventSource source)
    {
        lock (model.Sync)
        {
            foreach (EventWrite write in source.Writes.ToArray())
            {
                try
                {
                    if (_eventWrites.ContainsKey(write))
                    {
                        Write(write.Region, write.Offset, write.Width, write.Value);
                    }
                }
                catch (VfioException)
                {
                    // The device does not decode or was removed.
                }
                catch (Exception e) when (e is not ObjectDisposedException)
                {
                    // The handler failed. The driver's next access reports that, as it does for a timer.
                    model.Report(e);
                }
            }
        }
    }
}
