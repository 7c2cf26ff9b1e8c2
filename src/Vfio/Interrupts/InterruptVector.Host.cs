namespace Vfio;

// Which of the host's processors it reaches.
public sealed partial class InterruptVector
{
    /// <summary>The host's number of this interrupt, as in <c>/proc/interrupts</c>.</summary>
    /// <exception cref="NotSupportedException">The vector is a device model's, or an error or a request, which are no
    /// interrupts of the host.</exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">The host does not show it.</exception>
    public int GetHostNumber()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _interrupts.HostOf(this).Find(Index, Subindex);
    }

    /// <summary>The processors that may get the interrupt.</summary>
    /// <returns>Their numbers, ascending.</returns>
    /// <inheritdoc cref="GetHostNumber"/>
    public IReadOnlyList<int> GetAffinity()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _interrupts.HostOf(this).GetAffinity(GetHostNumber());
    }

    /// <summary>
    /// Has the interrupt delivered to one of these processors: the one where the program's thread waits, for the
    /// shortest way. Lasts until the vector is disposed; a daemon that balances interrupts (irqbalance) may change it.
    /// </summary>
    /// <param name="processors">Their numbers; at least one, each of a processor that is on line.</param>
    /// <exception cref="ArgumentException">No processors, or a negative number.</exception>
    /// <exception cref="NotSupportedException">The vector is a device model's, or an error or a request, which are no
    /// interrupts of the host.</exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    /// <exception cref="VfioException">Not root, or no such processor.</exception>
    public void SetAffinity(params ReadOnlySpan<int> processors)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _interrupts.HostOf(this).SetAffinity(GetHostNumber(), processors);
    }
}
