using Microsoft.Win32.SafeHandles;
using Vfio.Interop;
using Vfio.Pci;
using Vfio.Regions;

namespace Vfio.Backends;

/// <summary>
/// The seam between a device as users see it and the way it is reached. Mirrors the kernel's device operations; everything
/// public is written once above it.
/// </summary>
/// <remarks>Calls may come from any thread at any time, after <see cref="IDisposable.Dispose"/> too: then they throw
/// <see cref="ObjectDisposedException"/>.</remarks>
internal interface IDeviceBackend : IDisposable
{
    /// <summary>How the device is reached: "type1v2", "type1", "in-process".</summary>
    string Name { get; }

    /// <summary>What the device is (VFIO_DEVICE_GET_INFO).</summary>
    DeviceInfo GetInfo();

    /// <summary>What a region is (VFIO_DEVICE_GET_REGION_INFO). A region that is not implemented has length 0.</summary>
    RegionInfo GetRegionInfo(RegionIndex region);

    /// <summary>Reads 1, 2, 4 or 8 bytes, naturally aligned, as one access of the device where the backend can.</summary>
    void ReadRegion(RegionInfo region, ulong offset, Span<byte> data);

    /// <summary>Writes 1, 2, 4 or 8 bytes, naturally aligned, as one access of the device where the backend can.</summary>
    void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data);

    /// <summary>Maps an area that <see cref="RegionInfo.MappableAreas"/> lists. The caller owns the mapping.</summary>
    /// <returns>Null where it is to be reached by <see cref="ReadRegion"/> and <see cref="WriteRegion"/>, because an access could end the process.</returns>
    MappedMemory? MapArea(RegionInfo region, MappableArea area);

    /// <summary>Whether the device is gone from the bus: its configuration space does not answer any more.</summary>
    /// <remarks>By the class code, which no device has all ones in: vfio-pci keeps the ids of the vendor and answers those itself.</remarks>
    bool IsLost()
    {
        const ulong RevisionAndClass = 8;
        RegionInfo config = GetRegionInfo(RegionIndex.Config);
        if (!config.IsImplemented)
        {
            return false;
        }

        try
        {
            return this.ReadUInt32(config, RevisionAndClass) == uint.MaxValue;
        }
        catch (VfioException e) when (e.Errno is Errno.EIO or Errno.ENODEV)
        {
            return true;
        }
    }

    /// <summary>Resets the device (VFIO_DEVICE_RESET). Only where <see cref="DeviceInfo.CanReset"/>, or the device can be migrated.</summary>
    void Reset();

    /// <summary>What a way to interrupt is (VFIO_DEVICE_GET_IRQ_INFO). One that is not implemented has no vectors.</summary>
    IrqInfo GetInterruptInfo(IrqIndex index);

    /// <summary>
    /// Enables vectors from <paramref name="start"/> on: an interrupt adds 1 to the vector's eventfd; null disables a vector (VFIO_DEVICE_SET_IRQS, DATA_EVENTFD, ACTION_TRIGGER).
    /// </summary>
    /// <returns>0; or above it, where nothing was done because only so many vectors are to be had.</returns>
    int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds);

    /// <summary>Unmasks a vector whenever its eventfd is signalled; null ends that (DATA_EVENTFD, ACTION_UNMASK).</summary>
    void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd);

    /// <summary>Masks, unmasks or triggers vectors at once (DATA_NONE).</summary>
    void SetInterrupts(IrqIndex index, IrqAction action, int start, int count);

    /// <summary>Disables all vectors of a way to interrupt (DATA_NONE, ACTION_TRIGGER, no vectors).</summary>
    void DisableInterrupts(IrqIndex index);

    /// <summary>Asks for, reads or writes a feature (VFIO_DEVICE_FEATURE).</summary>
    /// <param name="name">The feature's name in the kernel's headers.</param>
    /// <param name="flags">Its number, with what to do.</param>
    /// <param name="data">What follows the header; at most 256 bytes.</param>
    /// <param name="result">A descriptor, where the feature gives one.</param>
    /// <returns>The errno, 0 where it worked; ENOTTY where there is no such feature.</returns>
    int Feature(string name, uint flags, Span<byte> data, out int result)
    {
        result = -1;
        return Errno.ENOTTY;
    }

    /// <summary>Which devices a reset of the device's bus hits (VFIO_DEVICE_GET_PCI_HOT_RESET_INFO).</summary>
    HotResetInfo GetHotResetInfo() => throw new NotSupportedException($"a device that is reached by {Name} has no bus to reset");

    /// <summary>Resets the device's bus (VFIO_DEVICE_PCI_HOT_RESET).</summary>
    /// <param name="owned">This program's devices on it, this one among them, opened in the same way.</param>
    void HotReset(IReadOnlyList<IDeviceBackend> owned) => throw new NotSupportedException($"a device that is reached by {Name} has no bus to reset");

    /// <summary>Writes a register whenever an eventfd is signalled, without this program (VFIO_DEVICE_IOEVENTFD); null ends that.</summary>
    void SetWriteOnEvent(RegionInfo region, ulong offset, int width, ulong value, SafeFileHandle? eventFd) =>
        throw new NotSupportedException($"a device that is reached by {Name} is written by no event");
    /// <summary>Moves the device to a state of its migration (VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, SET).</summary>
    /// <param name="state">The state, by the kernel's number.</param>
    /// <param name="data">The session in which the device's state is read or written, where the change began one; the caller's.</param>
    /// <returns>The errno, 0 where it worked; ENOTTY where there is no migration.</returns>
    int SetMigrationState(uint state, out IMigrationData? data)
    {
        data = null;
        return Errno.ENOTTY;
    }

    /// <summary>Starts the record of pages that the device writes (VFIO_DEVICE_FEATURE_DMA_LOGGING_START).</summary>
    /// <param name="ranges">What is watched: sound, sorted and disjoint.</param>
    /// <param name="pageSize">What a bit is to stand for; then what the device chose.</param>
    /// <returns>The errno, 0 where it worked; ENOTTY where there is no such record.</returns>
    int StartDmaLog(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize) => Errno.ENOTTY;

    /// <summary>Sets the bits of pages that were written since the last time, one a page, the first page in bit 0 of the first word (VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT).</summary>
    /// <returns>The errno, 0 where it worked.</returns>
    int ReadDmaLog(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) => Errno.ENOTTY;

    /// <summary>A file of a part of a region, by which other devices can reach it (VFIO_DEVICE_FEATURE_DMA_BUF); null where there is none.</summary>
    SafeFileHandle? TryExport(RegionInfo region, ulong offset, ulong length) => null;

    /// <summary>The transfers of this device's that were stopped since the last call; null where the backend does not know them.</summary>
    IReadOnlyList<IommuFault>? TakeFaults() => null;
}

/// <summary>What VFIO_DEVICE_GET_INFO answers, in this library's words.</summary>
internal readonly record struct DeviceInfo(uint RegionCount, uint InterruptCount, bool CanReset, AtomicCompletions AtomicCompletions = AtomicCompletions.None);

/// <summary>What is done with interrupts (<c>VFIO_IRQ_SET_ACTION_*</c>).</summary>
internal enum IrqAction
{
    Mask,
    Unmask,
    Trigger,
}
