namespace Vfio;

// The processors of the host that receive the interrupt.
public sealed partial class InterruptVector
{
    /// <summary>Reads the number of this interrupt on the host, as in <c>/proc/interrupts</c>.</summary>
    /// <exception cref="NotSupportedException">
    /// The vector belongs to a device model, or is an error or a request, which are not interrupts of the host.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">The host does not report it.</exception>
    public int GetHostNumber()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _interrupts.HostOf(this).Find(Index, Subindex);
    }

    /// <summary>Reads which processors may receive the interrupt.</summary>
    /// <returns>Their numbers, in ascending order.</returns>
    /// <inheritdoc cref="GetHostNumber"/>
    public IReadOnlyList<int> GetAffinity()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _interrupts.HostOf(this).GetAffinity(GetHostNumber());
    }

    /// <summary>
    /// Sets the processors that may receive the interrupt; latency is lowest on the one where the program's thread
    /// waits. This lasts until the vector is disposed, but a daemon that balances interrupts (irqbalance) may change
    /// it.
    /// </summary>
    /// <param name="processors">Their numbers; at least one, all online.</param>
    /// <exception cref="ArgumentException">No processors were passed, or a negative number.</exception>
    /// <exception cref="NotSupportedException">
    /// The vector belongs to a device model, or is an error or a request, which are not interrupts of the host.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">The caller is not root, or there is no such processor.</exception>
    public void SetAffinity(params ReadOnlySpan<int> processors)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _interrupts.HostOf(this).SetAffinity(GetHostNumber(), processors);
    }
}
