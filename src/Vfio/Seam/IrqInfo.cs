namespace Vfio;

/// <summary>Describes one of a device's interrupt types, as the kernel reports it.</summary>
/// <remarks>A snapshot that holds no handle. Source: <c>struct vfio_irq_info</c>.</remarks>
public readonly record struct IrqInfo
{
    /// <summary>Creates a value.</summary>
    /// <param name="index">The interrupt type.</param>
    /// <param name="count">The number of vectors; 0 if the device does not have this type.</param>
    /// <param name="canSignal">Whether an eventfd can be signalled (<c>VFIO_IRQ_INFO_EVENTFD</c>).</param>
    /// <param name="isMaskable">Whether it can be masked and unmasked (<c>VFIO_IRQ_INFO_MASKABLE</c>).</param>
    /// <param name="isAutomasked">Whether the kernel masks it with each signal, until it is unmasked
    /// (<c>VFIO_IRQ_INFO_AUTOMASKED</c>).</param>
    /// <param name="isFixed">
    /// Whether the number of vectors is fixed once the first is enabled (<c>VFIO_IRQ_INFO_NORESIZE</c>). All vectors
    /// are then reserved at that moment, so that more can be enabled later without disturbing the enabled ones.
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

    /// <summary>Gets the number of vectors; 0 if the device does not have this type.</summary>
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
    /// Gets whether the number of vectors is fixed once the first is enabled (<c>VFIO_IRQ_INFO_NORESIZE</c>). All
    /// vectors are then reserved at that moment, so that more can be enabled later without disturbing the enabled ones.
    /// </summary>
    public bool IsFixed { get; init; }
}
