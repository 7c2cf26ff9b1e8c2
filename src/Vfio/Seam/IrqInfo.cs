namespace Vfio;

/// <summary>Describes one of a device's interrupt types, as the kernel reports it.</summary>
/// <remarks>A snapshot, free of any handle. Source: <c>struct vfio_irq_info</c>.</remarks>
public readonly record struct IrqInfo
{
    /// <summary>Creates a value.</summary>
    /// <param name="index">Which way.</param>
    /// <param name="count">How many vectors it has; 0 if the device has not got it.</param>
    /// <param name="canSignal">Whether an eventfd can be signalled (<c>VFIO_IRQ_INFO_EVENTFD</c>).</param>
    /// <param name="isMaskable">Whether it can be masked and unmasked (<c>VFIO_IRQ_INFO_MASKABLE</c>).</param>
    /// <param name="isAutomasked">Whether the kernel masks it with each signal, until it is unmasked
    /// (<c>VFIO_IRQ_INFO_AUTOMASKED</c>).</param>
    /// <param name="isFixed">
    /// Whether the number of vectors is fixed once the first is enabled (<c>VFIO_IRQ_INFO_NORESIZE</c>): then all are
    /// reserved at that moment, so that more can be enabled later without disturbing those that live.
    /// </param>
    public IrqInfo(IrqIndex index, int count, bool canSignal, bool isMaskable, bool isAutomasked, bool isFixed)
    {
        Index = index;
        Count = count;
        CanSignal = canSignal;
        IsMaskable = isMaskable;
        IsAutomasked = isAutomasked;
        IsFixed = isFixed;
    }

    /// <summary>Gets the interrupt type.</summary>
    public IrqIndex Index { get; init; }

    /// <summary>Gets how many vectors it has; 0 if the device has not got it.</summary>
    public int Count { get; init; }

    /// <summary>Gets whether an eventfd can be signalled (<c>VFIO_IRQ_INFO_EVENTFD</c>).</summary>
    public bool CanSignal { get; init; }

    /// <summary>Gets whether it can be masked and unmasked (<c>VFIO_IRQ_INFO_MASKABLE</c>).</summary>
    public bool IsMaskable { get; init; }

    /// <summary>
    /// Gets whether the kernel masks it with each signal, until it is unmasked (<c>VFIO_IRQ_INFO_AUTOMASKED</c>).
    /// </summary>
    public bool IsAutomasked { get; init; }

    /// <summary>
    /// Whether the number of vectors is fixed once the first is enabled (<c>VFIO_IRQ_INFO_NORESIZE</c>): then all are
    /// reserved at that moment, so that more can be enabled later without disturbing those that live.
    /// </summary>
    public bool IsFixed { get; init; }
}
