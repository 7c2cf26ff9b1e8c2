using Vfio.Pci;

namespace Vfio;

// Migration of the device's state, and tracking of the pages that it writes.
public sealed partial class VfioDevice
{
    // PCI Local Bus Specification 3.0, section 6.1.
    private const ulong VendorAndDevice = 0x00;
    private const ulong RevisionAndClass = 0x08;
    private const ulong Subsystem = 0x2c;

    private DeviceMigration? _migration; // under the lock
    private bool _hasNoMigration; // under the lock
    private DeviceDirtyTracker? _writeLog; // under the lock

    /// <summary>
    /// Reads whether the device's state can be moved to another device (<c>VFIO_DEVICE_FEATURE_MIGRATION</c>). vfio-pci
    /// itself does not support it; variant drivers may.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The call failed.</exception>
    public bool SupportsMigration() => FindMigration() is not null;

    /// <summary>Gets the device's migration.</summary>
    /// <exception cref="NotSupportedException"><see cref="SupportsMigration"/> is <see langword="false"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The call failed.</exception>
    public DeviceMigration GetMigration() => FindMigration() ?? throw new NotSupportedException(
        $"{Name} cannot be migrated: its driver cannot read and write its state; a variant driver for the device can, "
        + $"if the kernel has one");

    /// <summary>
    /// Reads whether the device can track the pages that it writes (<c>VFIO_DEVICE_FEATURE_DMA_LOGGING_START</c>, with
    /// PROBE).
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public bool SupportsDirtyTracking()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _backend.ProbeDmaLog() == 0;
    }

    /// <summary>
    /// Starts tracking the pages that this device writes; the device itself keeps the record. This is independent of
    /// the states of <see cref="GetMigration"/>.
    /// </summary>
    /// <param name="ranges">
    /// The addresses to track: whole pages, disjoint. The kernel always accepts 256 ranges; the device may accept
    /// fewer.
    /// </param>
    /// <param name="pageSize">
    /// The bytes that one bit represents: a power of two, at least 4096. The device may choose another size
    /// (<see cref="DeviceDirtyTracker.PageSize"/>).
    /// </param>
    /// <returns>The tracker; the caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// There are no ranges; some do not consist of whole pages, or overlap; or the page size is invalid.
    /// </exception>
    /// <exception cref="InvalidOperationException">The device's writes are already tracked.</exception>
    /// <exception cref="NotSupportedException"><see cref="SupportsDirtyTracking"/> is
    /// <see langword="false"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The kernel or the device refused.</exception>
    public DeviceDirtyTracker StartDirtyTracking(ReadOnlySpan<IovaRange> ranges, ulong pageSize = 4096)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _writeLog is null
                ? _writeLog = DeviceDirtyTracker.Start(_backend, Name, ranges, pageSize, ForgetLog)
                : throw new InvalidOperationException(
                    $"the dirty pages of {Name} are already tracked; dispose that tracker first");
        }
    }

    private DeviceMigration? FindMigration()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_migration is null && !_hasNoMigration)
            {
                _migration = DeviceMigration.Find(_backend, Name, ReadIdentity);
                _hasNoMigration = _migration is null;
            }

            return _migration;
        }
    }

    // Before the device is closed. A tracker that was never started has nothing to stop.
    private void EndMigration()
    {
        (DeviceMigration? migration, DeviceDirtyTracker? log) = (_migration, _writeLog);
        Disposal.Quietly([() => migration?.End(), () => log?.Dispose()]);
    }

    private void ForgetLog(DeviceDirtyTracker log)
    {
        lock (_lock)
        {
            _writeLog = _writeLog == log ? null : _writeLog;
        }
    }

    private MigrationIdentity ReadIdentity()
    {
        RegionInfo config = _backend.GetRegionInfo(RegionIndex.Config);
        uint ids = _backend.ReadUInt32(config, VendorAndDevice);
        uint subsystem = _backend.ReadUInt32(config, Subsystem);
        return new MigrationIdentity(
            (ushort)ids,
            (ushort)(ids >> 16),
            (ushort)subsystem,
            (ushort)(subsystem >> 16),
            (byte)_backend.ReadUInt32(config, RevisionAndClass),
            MediatedDevice?.TypeId ?? "");
    }
}
