using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>A device that has features (VFIO_DEVICE_FEATURE).</summary>
internal interface IDeviceFeatures
{
    /// <summary>Asks for, reads or writes a feature.</summary>
    /// <param name="name">The feature's name in the kernel's headers.</param>
    /// <param name="flags">Its number, with what to do.</param>
    /// <param name="data">What follows the header; at most 256 bytes.</param>
    /// <param name="result">A descriptor, where the feature gives one.</param>
    /// <returns>The errno; 0 on success, ENOTTY if there is no such feature.</returns>
    int Feature(string name, uint flags, Span<byte> data, out int result);
}

/// <summary>A device whose bus can be reset.</summary>
internal interface IBusReset
{
    /// <summary>Gets which devices a reset of the device's bus hits (VFIO_DEVICE_GET_PCI_HOT_RESET_INFO).</summary>
    HotResetInfo GetHotResetInfo();

    /// <summary>Resets the device's bus (VFIO_DEVICE_PCI_HOT_RESET).</summary>
    /// <param name="owned">This program's devices on it, this one among them, opened in the same way.</param>
    void HotReset(IReadOnlyList<IDeviceBackend> owned);
}

/// <summary>A device that can be migrated.</summary>
internal interface IMigratable : IDeviceFeatures
{
    /// <summary>Moves the device to a state of its migration (VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, SET).</summary>
    /// <param name="state">The state, by the kernel's number.</param>
    /// <param name="data">The session in which the device's state is read or written, where the change began one; the
    /// caller's.</param>
    /// <returns>The errno; 0 on success, ENOTTY if there is no migration.</returns>
    int SetMigrationState(uint state, out IMigrationData? data);
}

/// <summary>A device that can keep a record of the pages it writes.</summary>
internal interface IDmaLog : IDeviceFeatures
{
    /// <summary>Starts the record (VFIO_DEVICE_FEATURE_DMA_LOGGING_START).</summary>
    /// <param name="ranges">What is watched: sound, sorted and disjoint.</param>
    /// <param name="pageSize">What a bit is to stand for; then what the device chose.</param>
    /// <returns>The errno; 0 on success, ENOTTY if there is no dirty tracking.</returns>
    int StartDmaLog(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize);

    /// <summary>
    /// Sets the bits of pages that were written since the last time, one a page, the first page in bit 0 of the first
    /// word (VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT).
    /// </summary>
    /// <returns>The errno, 0 if it worked.</returns>
    int ReadDmaLog(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap);
}

/// <summary>
/// A device that is written when an eventfd is signalled, without this program (VFIO_DEVICE_IOEVENTFD).
/// </summary>
internal interface IWriteOnEvent
{
    /// <summary>Writes a register whenever an eventfd is signalled; null ends that.</summary>
    void SetWriteOnEvent(RegionInfo region, ulong offset, int width, ulong value, SafeFileHandle? eventFd);
}

/// <summary>A device whose memory other devices can reach by a file (VFIO_DEVICE_FEATURE_DMA_BUF).</summary>
internal interface IMemoryExport
{
    /// <summary>A file of a part of a region; null if the kernel makes none.</summary>
    SafeFileHandle? TryExport(RegionInfo region, ulong offset, ulong length);
}

/// <summary>A device that itself records which of its transfers were blocked.</summary>
internal interface IFaultSource
{
    /// <summary>The transfers that were stopped since the last call.</summary>
    IReadOnlyList<IommuFault> TakeFaults();
}
