namespace Vfio;

/// <summary>
/// Provides the migration of a device: its state is read, stored or sent, and written to another device of the same
/// kind, which then continues where the first one stopped (<c>VFIO_DEVICE_FEATURE_MIGRATION</c> and its companions in
/// <c>linux/vfio.h</c>).
/// </summary>
/// <remarks>
/// <para>
/// <see cref="SaveTo"/> and <see cref="RestoreFrom"/> do a complete migration, with a file format that records which
/// device a state belongs to. <see cref="SetState"/>, <see cref="ReadData"/> and <see cref="WriteData"/> are the steps
/// that they consist of, for callers that have a protocol of their own.
/// </para>
/// <para>
/// It belongs to the device, and ends with it. Any thread may use it, but only one save or restore runs at a time. The
/// contents of the state are known only to the driver. It does not include what is mapped for the device
/// (<see cref="VfioDevice.AddressSpace"/>), the memory that the device wrote, and the interrupts that are enabled.
/// While the device is stopped, the program must not access its regions.
/// </para>
/// </remarks>
public sealed partial class DeviceMigration
{
    private readonly IDeviceBackend _backend;
    private readonly string _name;
    private readonly Func<MigrationIdentity> _readIdentity;
    private readonly Lock _lock = new();
    private IMigrationData? _data; // under the lock
    private bool _isBusy; // under the lock
    private bool _isEnded; // under the lock
    private bool? _tellsAnew; // under the lock

    private DeviceMigration(
        IDeviceBackend backend, string name, MigrationCapabilities capabilities, Func<MigrationIdentity> readIdentity)
    {
        (_backend, _name, Capabilities, _readIdentity) = (backend, name, capabilities, readIdentity);
    }

    /// <summary>Gets what the device's migration can do.</summary>
    public MigrationCapabilities Capabilities { get; }

    /// <summary>Reads the current state of the device.</summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The kernel refused, or reported a state that this library does not know.
    /// </exception>
    public MigrationState GetState()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            return ReadState();
        }
    }

    /// <summary>
    /// Reads how many bytes of state the device would have if it were stopped now
    /// (<c>VFIO_DEVICE_FEATURE_MIG_DATA_SIZE</c>): an estimate.
    /// </summary>
    /// <returns>The bytes; <see langword="null"/> if the kernel or the driver does not report it.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public ulong? GetExpectedLength()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            return _backend.GetMigrationDataSize(out ulong length) == 0 ? length : null;
        }
    }

    /// <summary>
    /// Moves the device to another state, through intermediate states if there is no direct transition. It is in that
    /// state when this method returns. If state can be read or written in the new one, the transfer begins here, and
    /// continues while the device stays among <see cref="MigrationState.PreCopy"/>,
    /// <see cref="MigrationState.PreCopyPeerToPeer"/> and <see cref="MigrationState.StopCopy"/>.
    /// </summary>
    /// <remarks>
    /// Every state can be reached from every other, with these exceptions: none from
    /// <see cref="MigrationState.Error"/>, and no <c>PreCopy</c> from <c>StopCopy</c>.
    /// </remarks>
    /// <param name="state">The state; not <see cref="MigrationState.Error"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There is no such state, or it is <see cref="MigrationState.Error"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">A save or restore is in progress.</exception>
    /// <exception cref="NotSupportedException">
    /// The device does not support the state (<see cref="Capabilities"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The kernel refused. The device may then be in the previous state, in an intermediate one, or in
    /// <see cref="MigrationState.Error"/>: <see cref="GetState"/> reports which.
    /// </exception>
    public void SetState(MigrationState state)
    {
        lock (_lock)
        {
            CheckFree();
            Change(state);
        }
    }

    /// <summary>
    /// Reads the device's state, in <see cref="MigrationState.StopCopy"/> and the <c>PreCopy</c> states. The order of
    /// the bytes matters, but not how they are divided.
    /// </summary>
    /// <param name="buffer">The buffer to fill from its start; not empty.</param>
    /// <returns>
    /// The number of bytes; 0 at the end of the state, and in the <c>PreCopy</c> states if there is no data now.
    /// </returns>
    /// <exception cref="InvalidOperationException">
    /// The device is not in a state in which it can be read, or a save or restore is in progress.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The state could not be read.</exception>
    public int ReadData(Span<byte> buffer) => Read(TakeSession("read"), buffer, isFirstPart: IsPreCopy(GetState()));

    /// <summary>
    /// Writes a state to the device, in <see cref="MigrationState.Resuming"/>. The write is complete when the device is
    /// set to another state; the kernel checks the state then.
    /// </summary>
    /// <param name="data">The bytes, as they were read from the other device, divided in any way.</param>
    /// <exception cref="InvalidOperationException">
    /// The device does not accept a state now, or a save or restore is in progress.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device did not accept the data.</exception>
    public void WriteData(ReadOnlySpan<byte> data) => Write(TakeSession("written"), data);

    /// <summary>
    /// Reads how much there is to read in the <c>PreCopy</c> states (<c>VFIO_MIG_GET_PRECOPY_INFO</c>).
    /// </summary>
    /// <returns>An estimate.</returns>
    /// <exception cref="InvalidOperationException">
    /// There is nothing to read, or a save or restore is in progress.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device is not in a <c>PreCopy</c> state (EINVAL).</exception>
    public PreCopyInfo GetPreCopyInfo() => GetPreCopyInfo(TakeSession("read"));

    /// <summary>
    /// Resets the device, which sets it to <see cref="MigrationState.Running"/> from any state, including
    /// <see cref="MigrationState.Error"/>; its state is lost (<c>VFIO_DEVICE_RESET</c>). A device that can be migrated
    /// can be reset in this way even if <see cref="VfioDevice.CanReset"/> is <see langword="false"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">A save or restore is in progress.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device did not come back.</exception>
    public void Reset()
    {
        lock (_lock)
        {
            CheckFree();
            _backend.Reset();
            CloseSession();
        }
    }

    /// <summary>Gets the migration of a device; null if the device does not support it.</summary>
    internal static DeviceMigration? Find(IDeviceBackend backend, string name, Func<MigrationIdentity> readIdentity)
    {
        int errno = backend.GetMigrationFlags(out ulong flags);
        return errno switch
        {
            0 => new DeviceMigration(backend, name, (MigrationCapabilities)(flags & 7), readIdentity),
            Errno.ENOTTY => null,
            _ => throw new VfioException("VFIO_DEVICE_FEATURE_MIGRATION", name, errno),
        };
    }

    /// <summary>Called when the device is closed, which ends a session.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _isEnded = true;
            CloseSession();
        }
    }

    private static bool HasSession(MigrationState state) =>
        state is MigrationState.StopCopy
            or MigrationState.Resuming
            or MigrationState.PreCopy
            or MigrationState.PreCopyPeerToPeer;

    private static bool IsPreCopy(MigrationState state) =>
        state is MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer;

    private void CheckFree()
    {
        ObjectDisposedException.ThrowIf(_isEnded, this);
        if (_isBusy)
        {
            throw new InvalidOperationException($"a save or restore of {_name} is in progress");
        }
    }

    private MigrationState ReadState()
    {
        int errno = _backend.GetMigrationState(out uint state);
        return errno != 0
            ? throw new VfioException("VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE", _name, errno)
            : state <= (uint)MigrationState.PreCopyPeerToPeer ? (MigrationState)state
            : throw new VfioException(
                "VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE",
                _name,
                $"the kernel reports an unknown migration state: {state}");
    }

    private void CheckHas(MigrationState state)
    {
        if (state is <= MigrationState.Error or > MigrationState.PreCopyPeerToPeer)
        {
            throw new ArgumentOutOfRangeException(nameof(state), state, "no device can be set to this state");
        }

        MigrationCapabilities needed = (IsPreCopy(state) ? MigrationCapabilities.PreCopy : 0)
            | (state is MigrationState.RunningPeerToPeer or MigrationState.PreCopyPeerToPeer
                ? MigrationCapabilities.PeerToPeer
                : 0);
        if ((Capabilities & needed) != needed)
        {
            throw new NotSupportedException(
                $"{_name} does not support the state {state}: it needs {needed}, and the device has {Capabilities}");
        }
    }

    // Called under the lock.
    private void Change(MigrationState state)
    {
        CheckHas(state);
        if (IsPreCopy(state))
        {
            _tellsAnew ??= _backend.AskForPreCopyFlags() == 0;
        }

        IMigrationData? data = null;
        int errno = _backend is IMigratable device ? device.SetMigrationState((uint)state, out data) : Errno.ENOTTY;
        if (data is not null)
        {
            CloseSession();
            _data = data;
        }

        if (errno != 0)
        {
            throw Explain(state, errno);
        }

        if (!HasSession(state))
        {
            CloseSession();
        }
    }

    private VfioException Explain(MigrationState wanted, int errno)
    {
        MigrationState? now = _backend.GetMigrationState(out uint state) == 0 ? (MigrationState)state : null;
        if (now is MigrationState known && !HasSession(known))
        {
            CloseSession();
        }

        return new VfioException(
            "VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE",
            $"{_name}, from {now?.ToString() ?? "an unknown state"} to {wanted}",
            errno,
            now switch
            {
                MigrationState.Error => "the device failed and must be reset (DeviceMigration.Reset)",
                MigrationState.StopCopy when IsPreCopy(wanted) => "the saved state of a stopped device cannot be "
                    + "continued as a pre-copy: set the device to Running, and start again",
                MigrationState.Resuming => "the state that was written is incomplete, or not for this device; to "
                    + "abandon it, reset the device (DeviceMigration.Reset)",
                _ => null,
            });
    }

    private IMigrationData TakeSession(string what)
    {
        lock (_lock)
        {
            CheckFree();
            return _data
                ?? throw new InvalidOperationException(
                    $"the state of {_name} cannot be {what} now: the device is in {ReadState()}, or another "
                    + $"caller changed its state");
        }
    }

    // Outside the lock: the device may be slow, and a thread that disposes it meanwhile must not wait.
    private int Read(IMigrationData session, Span<byte> buffer, bool isFirstPart)
    {
        int errno = session.Read(buffer, out int done);
        return errno switch
        {
            0 => done,
            Errno.ENOMSG when isFirstPart => 0, // nothing now; for a stopped device, this would be half a state
            _ => throw new VfioException("read", $"the state of {_name}", errno),
        };
    }

    private void Write(IMigrationData session, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int errno = session.Write(data, out int done);
            if (errno != 0 || done <= 0)
            {
                throw errno != 0
                    ? new VfioException("write", $"the state of {_name}", errno, errno == Errno.EINVAL
                        ? "the state does not belong to such a device, or comes from another version of its driver"
                        : null)
                    : new VfioException("write", $"the state of {_name}", "the device accepts no more data");
            }

            data = data[done..];
        }
    }

    private PreCopyInfo GetPreCopyInfo(IMigrationData session)
    {
        int errno = session.GetPreCopyInfo(out PreCopyInfo info);
        return errno == 0
            // Without the request, the flags are undefined.
            ? info with { Reinitialized = info.Reinitialized && _tellsAnew == true }
            : throw new VfioException("VFIO_MIG_GET_PRECOPY_INFO", _name, errno, errno == Errno.EINVAL
                ? "only a running device has a pre-copy"
                : null);
    }

    private void CloseSession()
    {
        _data?.Dispose();
        _data = null;
    }
}
