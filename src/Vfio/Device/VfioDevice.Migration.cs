using Vfio.Pci;

namespace Vfio;

// Its state, moved to another device; and the record that it keeps of what it writes.
public sealed partial class VfioDevice
{
    // "PCI Local Bus Specification", 6.1.
    private const ulong VendorAndDevice = 0x00;
    private const ulong RevisionAndClass = 0x08;
    private const ulong Subsystem = 0x2c;

    private DeviceMigration? _migration; // locked
    private bool _hasNoMigration; // locked
    private DeviceDirtyTracker? _writeLog; // locked

    /// <summary>
    /// Gets whether the device's state can be moved to another device (<c>VFIO_DEVICE_FEATURE_MIGRATION</c>): vfio-pci
    /// alone cannot, drivers made for a device may.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused to say.</exception>
    public bool SupportsMigration() => FindMigration() is not null;

    /// <summary>The device's migration.</summary>
    /// <exception cref="NotSupportedException"><see cref="SupportsMigration"/> is <see langword="false"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused to say.</exception>
    public DeviceMigration GetMigration() => FindMigration() ?? throw new NotSupportedException(
        $"{Name} cannot be migrated: its driver cannot read and write its state; a variant driver for the device can, "
        + $"if the kernel has one");

    /// <summary>
    /// Gets whether the device can keep a record of what it writes (<c>VFIO_DEVICE_FEATURE_DMA_LOGGING_START</c>, asked
    /// by PROBE).
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public bool SupportsDirtyTracking()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _backend.ProbeDmaLog() == 0;
    }

    /// <summary>
    /// Begins a record of the pages that this device writes, kept by the device. Nothing to do with
    /// <see cref="GetMigration"/>'s states.
    /// </summary>
    /// <param name="ranges">The addresses to watch: whole pages, disjoint. The kernel always takes 256 of them, and the
    /// device may not take more.</param>
    /// <param name="pageSize">What a bit is to stand for, in bytes, a power of two, 4096 or more; the device may choose
    /// another (<see cref="DeviceDirtyTracker.PageSize"/>).</param>
    /// <returns>The record; the caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// There are no ranges; some are not whole pages, or overlap; or the page size is invalid.
    /// </exception>
    /// <exception cref="InvalidOperationException">There is a record already.</exception>
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

    // Before the device is closed; what was not begun has nothing to end.
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
