using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Represents a device with features (VFIO_DEVICE_FEATURE).</summary>
internal interface IDeviceFeatures
{
    /// <summary>Probes, reads or writes a feature.</summary>
    /// <param name="name">The feature's name in the kernel's headers.</param>
    /// <param name="flags">Its number, and what to do.</param>
    /// <param name="data">The data after the header; at most 256 bytes.</param>
    /// <param name="result">A descriptor, if the feature returns one.</param>
    /// <returns>The errno; 0 on success, ENOTTY if there is no such feature.</returns>
    int Feature(string name, uint flags, Span<byte> data, out int result);
}

/// <summary>Represents a device whose bus can be reset.</summary>
internal interface IBusReset
{
    /// <summary>
    /// Gets the devices that a reset of the device's bus affects (VFIO_DEVICE_GET_PCI_HOT_RESET_INFO).
    /// </summary>
    HotResetInfo GetHotResetInfo();

    /// <summary>Resets the device's bus (VFIO_DEVICE_PCI_HOT_RESET).</summary>
    /// <param name="owned">
    /// The devices on it that are open in this program, including this one, opened through the same backend.
    /// </param>
    void HotReset(IReadOnlyList<IDeviceBackend> owned);
}

/// <summary>Represents a device that can be migrated.</summary>
internal interface IMigratable : IDeviceFeatures
{
    /// <summary>Sets the migration state of the device (VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, SET).</summary>
    /// <param name="state">The state; the kernel's number.</param>
    /// <param name="data">
    /// The session in which the device's state is read or written, if the change started one; the caller owns it.
    /// </param>
    /// <returns>The errno; 0 for success, ENOTTY if the device cannot be migrated.</returns>
    int SetMigrationState(uint state, out IMigrationData? data);
}

/// <summary>Represents a device that can track the pages that it writes.</summary>
internal interface IDmaLog : IDeviceFeatures
{
    /// <summary>Starts dirty tracking (VFIO_DEVICE_FEATURE_DMA_LOGGING_START).</summary>
    /// <param name="ranges">The addresses to track: valid, sorted and disjoint.</param>
    /// <param name="pageSize">The requested bytes per bit; then those that the device chose.</param>
    /// <returns>The errno; 0 for success, ENOTTY if there is no dirty tracking.</returns>
    int StartDmaLog(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize);

    /// <summary>
    /// Sets the bits of pages that were written since the last time: one bit per page, the first page in bit 0 of the
    /// first word (VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT).
    /// </summary>
    /// <returns>The errno; 0 for success.</returns>
    int ReadDmaLog(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap);
}

/// <summary>
/// Represents a device whose registers can be written when an eventfd is signalled (VFIO_DEVICE_IOEVENTFD).
/// </summary>
internal interface IWriteOnEvent
{
    /// <summary>Writes a register whenever an eventfd is signalled; <see langword="null"/> ends that.</summary>
    void SetWriteOnEvent(RegionInfo region, ulong offset, int width, ulong value, SafeFileHandle? eventFd);
}

/// <summary>
/// Represents a device whose memory other devices can access through a file (VFIO_DEVICE_FEATURE_DMA_BUF).
/// </summary>
internal interface IMemoryExport
{
    /// <summary>
    /// Creates a file of a part of a region; <see langword="null"/> if the kernel does not support it.
    /// </summary>
    SafeFileHandle? TryExport(RegionInfo region, ulong offset, ulong length);
}

/// <summary>Represents a device that itself records which of its transfers were stopped.</summary>
internal interface IFaultSource
{
    /// <summary>Returns the transfers that were stopped since the last call.</summary>
    IReadOnlyList<IommuFault> TakeFaults();
}

/// <summary>Represents a device with a clock of its own, which is not the host's.</summary>
internal interface IDeviceClock
{
    /// <summary>Gets the clock.</summary>
    TimeProvider Clock { get; }

    /// <summary>Lets time pass while a thread waits for the device: a clock that stands still is advanced.</summary>
    void Pass(TimeSpan time);
}
