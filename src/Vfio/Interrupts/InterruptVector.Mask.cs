using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Masking, and signals without the device.
public sealed partial class InterruptVector
{
    private SafeFileHandle? _unmaskEvent; // under the lock

    /// <summary>Gets whether it can be masked and unmasked. The kernel supports this only for INTx.</summary>
    public bool IsMaskable => Info.IsMaskable;

    /// <summary>
    /// Gets an eventfd that unmasks the vector whenever it is written (<c>VFIO_IRQ_SET_ACTION_UNMASK</c> with an
    /// eventfd, "resample"): a hypervisor uses it to pass a level interrupt to a guest. Created by the first call; the
    /// vector owns it, as it owns <see cref="EventFd"/>.
    /// </summary>
    /// <exception cref="NotSupportedException">The vector cannot be masked.</exception>
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

    /// <summary>Masks the vector: no interrupts arrive until <see cref="Unmask"/>.</summary>
    /// <exception cref="NotSupportedException">The vector cannot be masked.</exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public void Mask()
    {
        CheckMaskable();
        _interrupts.Do(this, IrqAction.Mask);
    }

    /// <summary>
    /// Unmasks the vector. The kernel masks an INTx with each signal: a driver first makes the device deassert the
    /// line, then unmasks it. If the line is still asserted, the next signal follows immediately.
    /// </summary>
    /// <inheritdoc cref="Mask"/>
    public void Unmask()
    {
        CheckMaskable();
        _interrupts.Do(this, IrqAction.Unmask);
    }

    /// <summary>
    /// Signals the vector as the device would, but without the device, to test what waits for it. A mask does not
    /// prevent this signal, and it does not mask the vector.
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
