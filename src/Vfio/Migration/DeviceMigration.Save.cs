using System.Buffers;

namespace Vfio;

// Saves a device's state to a stream.
public sealed partial class DeviceMigration
{
    private const int PartBytes = 256 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Saves the device's state: stops the device, reads its state completely, and leaves it stopped. With
    /// <see cref="MigrationOptions.ContinuePreCopy"/> a first part is read while it runs. The file format is that of
    /// this library (docs/migration.md), with a checksum. It is written at the stream's current position, and flushed.
    /// </summary>
    /// <remarks>
    /// If the save fails or is cancelled, the device returns to its previous state, and what was written is not a saved
    /// state.
    /// </remarks>
    /// <param name="stream">The stream to write, which need not be able to seek; the caller owns it.</param>
    /// <param name="options">Options of the save.</param>
    /// <param name="cancellationToken">Cancels between two parts.</param>
    /// <returns>The number of bytes of state, without what the format adds.</returns>
    /// <exception cref="ArgumentException">The stream cannot be written, or the device cannot end in the state that the
    /// options name.</exception>
    /// <exception cref="InvalidOperationException">
    /// The device is in none of the states <see cref="MigrationState.Running"/>,
    /// <see cref="MigrationState.RunningPeerToPeer"/> and <see cref="MigrationState.Stop"/>; or another save or restore
    /// is in progress.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="OperationCanceledException">The save was cancelled.</exception>
    /// <exception cref="VfioException">The device's state could not be read.</exception>
    public ulong SaveTo(
        Stream stream, MigrationOptions? options = null, CancellationToken cancellationToken = default) =>
        Finish(Save(stream, options ?? new MigrationOptions(), isAsync: false, cancellationToken));

    /// <summary>
    /// Does the same as <see cref="SaveTo"/>, but awaits the stream. The device itself is read by the thread on which
    /// the stream completes.
    /// </summary>
    /// <inheritdoc cref="SaveTo"/>
    public Task<ulong> SaveToAsync(
        Stream stream, MigrationOptions? options = null, CancellationToken cancellationToken = default) =>
        Save(stream, options ?? new MigrationOptions(), isAsync: true, cancellationToken).AsTask();

    private async ValueTask<ulong> Save(
        Stream stream, MigrationOptions options, bool isAsync, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CheckOptions(options);
        if (!stream.CanWrite)
        {
            throw new ArgumentException("the stream cannot be written", nameof(stream));
        }

        MigrationState before = Begin(
            state => state is MigrationState.Running or MigrationState.RunningPeerToPeer or MigrationState.Stop);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PartBytes);
        try
        {
            StateWriter writer = new(stream, isAsync);
            await writer.WriteHeader(_readIdentity(), cancellation).ConfigureAwait(false);
            if (options.ContinuePreCopy is not null
                && (Capabilities & MigrationCapabilities.PreCopy) != 0
                && before != MigrationState.Stop)
            {
                await PreCopy(writer, buffer, before, options, isAsync, cancellation).ConfigureAwait(false);
            }

            cancellation.ThrowIfCancellationRequested();
            IMigrationData session = Move(MigrationState.StopCopy);
            ulong? expected = GetExpectedLength() is ulong left ? writer.Length + left : null;
            int count;
            while ((count = Read(session, buffer, isFirstPart: false)) != 0)
            {
                await writer.WritePart(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                options.Progress?.Report(new MigrationProgress(MigrationState.StopCopy, writer.Length, expected));
                cancellation.ThrowIfCancellationRequested();
            }

            await writer.WriteEnd(cancellation).ConfigureAwait(false);
            Leave(options.FinalState);
            return writer.Length;
        }
        catch
        {
            GoBack(before);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            SetFree();
        }
    }

    private async ValueTask PreCopy(
        StateWriter writer,
        byte[] buffer,
        MigrationState before,
        MigrationOptions options,
        bool isAsync,
        CancellationToken cancellation)
    {
        MigrationState state = before == MigrationState.RunningPeerToPeer
            ? MigrationState.PreCopyPeerToPeer
            : MigrationState.PreCopy;
        IMigrationData session = Move(state);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Read(session, buffer, isFirstPart: true);
            if (count != 0)
            {
                await writer.WritePart(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                options.Progress?.Report(new MigrationProgress(state, writer.Length, null));
            }

            if (!options.ContinuePreCopy!(GetPreCopyInfo(session)))
            {
                return;
            }

            if (count != 0)
            {
                continue;
            }

            // There is nothing now. There is more when the device has changed, which may never happen.
            if (isAsync)
            {
                await Task.Delay(Pause, cancellation).ConfigureAwait(false);
            }
            else
            {
                cancellation.WaitHandle.WaitOne(Pause);
            }
        }
    }

    // The synchronous callers await nothing, so the task has completed. As a Task it can be waited for even if that
    // changes: a ValueTask that has not completed must not be asked for its result.
    private static ulong Finish(ValueTask<ulong> task) => task.AsTask().GetAwaiter().GetResult();

    private void CheckOptions(MigrationOptions options)
    {
        bool isKnown = options.FinalState is MigrationState.Stop or MigrationState.Running
            || (options.FinalState == MigrationState.RunningPeerToPeer
                && (Capabilities & MigrationCapabilities.PeerToPeer) != 0);
        if (!isKnown)
        {
            throw new ArgumentException($"a save cannot leave {_name} in {options.FinalState}", nameof(options));
        }
    }

    private MigrationState Begin(Func<MigrationState, bool> isFit)
    {
        lock (_lock)
        {
            CheckFree();
            MigrationState state = ReadState();
            if (!HasSession(state))
            {
                CloseSession(); // a reset has ended it
            }

            if (!isFit(state))
            {
                throw new InvalidOperationException(
                    $"{_name} is in {state}{(state == MigrationState.Error ? ": it must be reset first" : "")}");
            }

            _isBusy = true;
            return state;
        }
    }

    private IMigrationData Move(MigrationState state)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            Change(state);
            return _data
                ?? throw new VfioException(
                    "VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE",
                    $"{_name} to {state}",
                    "the kernel returned no descriptor for the state");
        }
    }

    private void Leave(MigrationState state)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            Change(state);
        }
    }

    private void GoBack(MigrationState state)
    {
        lock (_lock)
        {
            try
            {
                if (!_isEnded && ReadState() is MigrationState now && now != state && now != MigrationState.Error)
                {
                    Change(state);
                }
            }
            catch (VfioException)
            {
                // The caller gets the first failure; GetState tells where the device is.
            }
            finally
            {
                CloseSession();
            }
        }
    }

    private void SetFree()
    {
        lock (_lock)
        {
            _isBusy = false;
        }
    }
}
