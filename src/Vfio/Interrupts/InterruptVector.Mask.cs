using Microsoft.Win32.SafeHandles;

namespace Vfio;

// What the kernel does with it besides counting.
public sealed partial class InterruptVector
{
    private SafeFileHandle? _unmaskEvent; // locked

    /// <summary>Gets whether it can be masked and unmasked: INTx can; the kernel offers it for no other.</summary>
    public bool IsMaskable => Info.IsMaskable;

    /// <summary>
    /// An eventfd that unmasks the vector whenever something is written to it (<c>VFIO_IRQ_SET_ACTION_UNMASK</c> by
    /// event, "resample"): how a hypervisor hands a level interrupt to a guest. Made when first asked for; the
    /// vector's, as <see cref="EventFd"/> is.
    /// </summary>
    /// <exception cref="NotSupportedException">It cannot be masked.</exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public SafeFileHandle UnmaskEvent
    {
        get
        {
            CheckMaskable();
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return _unmaskEvent ??= _interrupts.MakeUnmaskEvent(this);
            }
        }
    }

    /// <summary>Holds interrupts back until <see cref="Unmask"/>.</summary>
    /// <exception cref="NotSupportedException">It cannot be masked.</exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public void Mask()
    {
        CheckMaskable();
        _interrupts.Do(this, IrqAction.Mask);
    }

    /// <summary>
    /// Lets interrupts through again. An INTx is masked by the kernel with each signal: a driver first makes the device
    /// deassert the line, then unmasks; if the line is still up, the next signal follows at once.
    /// </summary>
    /// <inheritdoc cref="Mask"/>
    public void Unmask()
    {
        CheckMaskable();
        _interrupts.Do(this, IrqAction.Unmask);
    }

    /// <summary>
    /// Signals the vector without the device, as the device would: to try what waits for it. A mask does not hold it
    /// back, and it masks nothing.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public void Trigger()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _interrupts.Do(this, IrqAction.Trigger);
    }

    private void CheckMaskable()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!Info.IsMaskable)
        {
            throw new NotSupportedException(
                $"{this} cannot be masked: the kernel can mask only INTx; the device may have its own masks");
        }
    }
}
