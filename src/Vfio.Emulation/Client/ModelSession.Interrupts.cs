using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

// The operations of a client on interrupts. They fail with the same errno as in vfio-pci.
internal sealed partial class ModelSession
{
    private const int MostVectors = 2048;

    private EventFdClient Triggers => (EventFdClient)client!;

    /// <summary>Enables one interrupt type (VFIO_DEVICE_SET_IRQS); the other types are disabled.</summary>
    public void EnableInterrupts(IrqIndex kind, int vectors)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            if (kind > IrqIndex.Msix
                || vectors < 1
                || vectors > Math.Min(MostVectors, model.Interrupts.DeclaredVectors(kind)))
            {
                throw new VfioException(
                    "VFIO_DEVICE_SET_IRQS",
                    $"{kind} of {Name}",
                    Errno.EINVAL,
                    $"the device has {model.Interrupts.DeclaredVectors(kind)} vectors");
            }

            model.Interrupts.Enable(kind, vectors);
        }
    }

    public void DisableInterrupts()
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            model.Interrupts.DisableAll();
        }
    }

    public void MaskIntx(bool isMasked)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            if (isMasked)
            {
                model.Interrupts.MaskIntx();
            }
            else
            {
                model.Interrupts.UnmaskIntx();
            }
        }
    }

    /// <summary>Sets the function mask of MSI-X, which only the kernel can set.</summary>
    public void MaskMsix(bool isMasked)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            model.Interrupts.MaskFunction(isMasked);
        }
    }

    public IrqInfo GetInterruptInfo(IrqIndex index)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            int count = index is >= IrqIndex.Intx and <= IrqIndex.Request
                ? model.Interrupts.DeclaredVectors(index)
                : throw Refuse("VFIO_DEVICE_GET_IRQ_INFO", index, Errno.EINVAL);
            bool isLine = index == IrqIndex.Intx;
            return new IrqInfo(
                index,
                count,
                canSignal: true,
                isMaskable: isLine,
                isAutomasked: isLine,
                isFixed: index is not (IrqIndex.Intx or IrqIndex.Msix));
        }
    }

    /// <summary>Sets the eventfds of vectors; the first call enables the interrupt type.</summary>
    public void SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds)
    {
        lock (model.Sync)
        {
            Check(index, start, eventFds.Length);
            bool isEnabled = model.Interrupts.IsEnabled(index);
            // Only one interrupt type can be enabled, and the number of MSI vectors is fixed when MSI is enabled.
            if (!isEnabled && index <= IrqIndex.Msix && model.Interrupts.IsAnyEnabled
                || (isEnabled
                    && index == IrqIndex.Msi
                    && start + eventFds.Length > model.Interrupts.EnabledVectors(index)))
            {
                throw Refuse("VFIO_DEVICE_SET_IRQS", index, Errno.EINVAL);
            }

            Triggers.Set(index, start, eventFds);
            if (index > IrqIndex.Msix)
            {
                return;
            }

            if (index == IrqIndex.Intx && eventFds[0] is null)
            {
                model.Interrupts.DisableAll();
            }
            else if (!isEnabled || start + eventFds.Length > model.Interrupts.EnabledVectors(index))
            {
                model.Interrupts.Enable(index, start + eventFds.Length, Triggers.Has);
            }
            else if (index == IrqIndex.Msix)
            {
                model.Interrupts.ShowVectors(start, eventFds.Length, Triggers.Has);
            }
        }
    }

    public void SetInterrupts(IrqIndex index, IrqAction action, int start, int count)
    {
        lock (model.Sync)
        {
            Check(index, start, count);
            if (action != IrqAction.Trigger)
            {
                if (index != IrqIndex.Intx)
                {
                    throw Refuse("VFIO_DEVICE_SET_IRQS", index, Errno.ENOTTY);
                }

                CheckEnabled(index);
                MaskIntx(action == IrqAction.Mask);
                return;
            }

            CheckEnabled(index);
            for (int vector = start; vector < start + count; vector++)
            {
                Triggers.Signal(index, vector);
            }
        }
    }

    public void DisableInterrupts(IrqIndex index)
    {
        lock (model.Sync)
        {
            Check(index, 0, 0);
            if (index <= IrqIndex.Msix && model.Interrupts.IsEnabled(index))
            {
                model.Interrupts.DisableAll();
            }

            Triggers.Clear(index);
        }
    }

    /// <summary>Unmasks INTx; does nothing if it is no longer enabled.</summary>
    public void UnmaskIntxByEvent()
    {
        lock (model.Sync)
        {
            if (model.Session == this && model.Interrupts.IsEnabled(IrqIndex.Intx))
            {
                model.Interrupts.UnmaskIntx();
            }
        }
    }

    /// <summary>Checks that an event can unmask the vector: it must be INTx, and enabled.</summary>
    public void CheckUnmaskTrigger(IrqIndex index, int subindex)
    {
        lock (model.Sync)
        {
            Check(index, subindex, 1);
            if (index != IrqIndex.Intx)
            {
                throw Refuse("VFIO_DEVICE_SET_IRQS", index, Errno.ENOTTY);
            }

            CheckEnabled(index);
        }
    }

    private void Check(IrqIndex index, int start, int count)
    {
        ThrowIfClosed();
        if (index is < IrqIndex.Intx or > IrqIndex.Request
            || start < 0
            || count < 0
            || start > model.Interrupts.DeclaredVectors(index) - count)
        {
            throw Refuse("VFIO_DEVICE_SET_IRQS", index, Errno.EINVAL);
        }
    }

    private void CheckEnabled(IrqIndex index)
    {
        if (index <= IrqIndex.Msix ? !model.Interrupts.IsEnabled(index) : !Triggers.Has(index, 0))
        {
            throw Refuse("VFIO_DEVICE_SET_IRQS", index, Errno.EINVAL);
        }
    }

    private VfioException Refuse(string operation, IrqIndex index, int errno) =>
        new(operation, $"{index} interrupts of {Name}", errno);
}
