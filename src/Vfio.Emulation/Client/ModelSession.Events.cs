using Vfio.Interop;

namespace Vfio.Emulation;

// What a client does with a model beside its regions: resets of its bus, writes by eventfds. What vfio-pci refuses is refused here, with the same errno.
internal sealed partial class ModelSession
{
    private const int MostEventWrites = 1000;

    public PciAddress Address => model.Address;

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
    public void CheckEventWrite(EventWrite write, bool isNew, bool isThere, int count)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            int errno = model.BarAt(write.Region) is not ModelBar bar || !IsSound(bar.Length, write.Offset, write.Width) || bar.HasMsixTableAt(write.Offset, write.Width) ? Errno.EINVAL
                : isNew && isThere ? Errno.EEXIST
                : !isNew && !isThere ? Errno.ENODEV
                : isNew && count >= MostEventWrites ? Errno.ENOSPC
                : 0;
            if (errno != 0)
            {
                throw new VfioException("VFIO_DEVICE_IOEVENTFD", Place(write.Region, write.Offset), errno);
            }
        }
    }

    /// <summary>An eventfd was signalled. A device that does not decode, or is not there any more, is not written.</summary>
    public void WriteByEvent(EventWrite write)
    {
        try
        {
            Write(write.Region, write.Offset, write.Width, write.Value);
        }
        catch (VfioException)
        {
            // Nobody waits for an answer.
        }
        catch (Exception e) when (e is not ObjectDisposedException)
        {
            // A handler that fails: the driver's next access tells, as of a timer.
            lock (model.Sync)
            {
                model.Report(e);
            }
        }
    }
}
