namespace Vfio;

/// <summary>What the kernel says of one of a device's ways to interrupt.</summary>
/// <remarks>A snapshot, free of any handle. Source: <c>struct vfio_irq_info</c>.</remarks>
/// <param name="Index">Which way.</param>
/// <param name="Count">How many vectors it has; 0 where the device has not got it.</param>
/// <param name="CanSignal">Whether an eventfd can be signalled (<c>VFIO_IRQ_INFO_EVENTFD</c>).</param>
/// <param name="IsMaskable">Whether it can be masked and unmasked (<c>VFIO_IRQ_INFO_MASKABLE</c>).</param>
/// <param name="IsAutomasked">Whether the kernel masks it with each signal, until it is unmasked (<c>VFIO_IRQ_INFO_AUTOMASKED</c>).</param>
/// <param name="IsFixed">
/// Whether the number of vectors is fixed once the first is enabled (<c>VFIO_IRQ_INFO_NORESIZE</c>): then all are reserved at that moment, so that more can be enabled later without
/// disturbing those that live.
/// </param>
public readonly record struct IrqInfo(IrqIndex Index, int Count, bool CanSignal, bool IsMaskable, bool IsAutomasked, bool IsFixed);
