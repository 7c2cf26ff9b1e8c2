using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Emulation;

// What a client does with a model beside its regions: resets of its bus, writes by eventfds. What vfio-pci refuses is refused here, with the same errno.
internal sealed partial class ModelSession
{
    private const int MostEventWrites = 1000;

    private readonly Dictionary<EventWrite, EventSource> _eventWrites = []; // under the model's lock

    public PciAddress Address => model.Address ?? default;

    /// <summary>Whether the bus can be reset: a model is alone on its own.</summary>
    public void CheckBusReset(string operation)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            if (model.IsRemoved || !model.CanReset)
            {
                throw new VfioException(operation, Name, Errno.ENODEV, model.IsRemoved ? "the device was removed" : "the model is made without a reset (CanReset)");
            }
        }
    }

    /// <summary>Whether an eventfd may write there: a BAR, outside the MSI-X table, not twice the same.</summary>
    public void CheckEventWrite(EventWrite write)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            int errno = model.BarAt(write.Region) is not ModelBar bar || !IsSound(bar.Length, write.Offset, write.Width) || bar.HasMsixTableAt(write.Offset, write.Width) ? Errno.EINVAL
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
            EventSource source = _eventWrites.Values.FirstOrDefault(source => source.Given == eventFd) ?? new EventSource(loop, eventFd, Place(write.Region, write.Offset), WriteByEvent);
            source.Writes.Add(write);
            _eventWrites.Add(write, source);
        }
    }

    /// <summary>No write of it is under way when this has returned.</summary>
    public void EndEventWrite(EventWrite write)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            if (_eventWrites.Remove(write, out EventSource? source) && source.Writes.Remove(write) && source.Writes.Count == 0)
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

    // A device that does not decode, or is not there any more, is not written; nobody waits for an answer.
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
                    // It was not there to be written.
                }
                catch (Exception e) when (e is not ObjectDisposedException)
                {
                    // A handler that fails: the driver's next access tells, as of a timer.
                    model.Report(e);
                }
            }
        }
    }
}
