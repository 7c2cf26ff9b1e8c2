using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// The interface between the public device and its backend. It mirrors the kernel's device operations; everything
/// public is written once, above it. Operations that only some backends support have small interfaces of their own
/// (<see cref="IDeviceFeatures"/> and others): a backend does not implement them, rather than throwing.
/// </summary>
/// <remarks>
/// Calls can come from any thread at any time. After <see cref="IDisposable.Dispose"/> they throw
/// <see cref="ObjectDisposedException"/>.
/// </remarks>
internal interface IDeviceBackend : IDisposable
{
    /// <summary>Gets the name of the backend: "type1v2", "type1", "in-process".</summary>
    string Name { get; }

    /// <summary>Gets what the device is (VFIO_DEVICE_GET_INFO).</summary>
    DeviceInfo GetInfo();

    /// <summary>
    /// Gets what a region is (VFIO_DEVICE_GET_REGION_INFO). A region that is not implemented has length 0.
    /// </summary>
    RegionInfo GetRegionInfo(RegionIndex region);

    /// <summary>Reads 1, 2, 4 or 8 bytes, naturally aligned, as one access of the device if the backend can.</summary>
    void ReadRegion(RegionInfo region, ulong offset, Span<byte> data);

    /// <summary>Writes 1, 2, 4 or 8 bytes, naturally aligned, as one access of the device if the backend can.</summary>
    void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data);

    /// <summary>Maps an area that <see cref="RegionInfo.MappableAreas"/> lists. The caller owns the mapping.</summary>
    MappedMemory MapArea(RegionInfo region, MappableArea area);

    /// <summary>
    /// Resets the device (VFIO_DEVICE_RESET). Only called if <see cref="DeviceInfo.CanReset"/> is true or the device
    /// can be migrated.
    /// </summary>
    void Reset();

    /// <summary>
    /// Describes an interrupt type (VFIO_DEVICE_GET_IRQ_INFO). A type that is not implemented has no vectors.
    /// </summary>
    IrqInfo GetInterruptInfo(IrqIndex index);

    /// <summary>
    /// Enables vectors from <paramref name="start"/> on: an interrupt adds 1 to the vector's eventfd; null disables a
    /// vector (VFIO_DEVICE_SET_IRQS, DATA_EVENTFD, ACTION_TRIGGER).
    /// </summary>
    /// <returns>
    /// 0 for success; a positive number if nothing was done, because only that many vectors are available.
    /// </returns>
    int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds);

    /// <summary>
    /// Sets an eventfd that unmasks a vector whenever it is signalled; <see langword="null"/> removes it (DATA_EVENTFD,
    /// ACTION_UNMASK).
    /// </summary>
    void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd);

    /// <summary>Masks, unmasks or triggers vectors (DATA_NONE).</summary>
    void SetInterrupts(IrqIndex index, IrqAction action, int start, int count);

    /// <summary>Disables all vectors of an interrupt type (DATA_NONE, ACTION_TRIGGER, no vectors).</summary>
    void DisableInterrupts(IrqIndex index);
}

/// <summary>Represents the answer of VFIO_DEVICE_GET_INFO.</summary>
internal readonly record struct DeviceInfo(
    uint RegionCount, uint InterruptCount, bool CanReset, AtomicCompletions AtomicCompletions = AtomicCompletions.None);

/// <summary>Specifies an action on interrupts (<c>VFIO_IRQ_SET_ACTION_*</c>).</summary>
internal enum IrqAction
{
    Mask,
    Unmask,
    Trigger,
}
