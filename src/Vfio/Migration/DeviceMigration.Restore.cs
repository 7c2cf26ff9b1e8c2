using System.Buffers;

namespace Vfio;

// Restores a device's state from a stream.
public sealed partial class DeviceMigration
{
    /// <summary>
    /// Restores a saved state to the device, whatever its state, and leaves it stopped. The stream is read from its
    /// current position to the end of the state. The state of another kind of device is refused before the device is
    /// touched. If the stream can seek, so is a state that is damaged or truncated, because it is read twice. Otherwise
    /// a damaged part is refused before it is written, and a missing one before the device is told that the state is
    /// complete.
    /// </summary>
    /// <remarks>
    /// As soon as the device accepts a state, its previous state is lost. If the restore then fails or is cancelled,
    /// the device is reset and is in <see cref="MigrationState.Running"/>; if the reset fails too, it is left in
    /// <see cref="MigrationState.Resuming"/> or <see cref="MigrationState.Error"/>. The checksum is not a signature:
    /// anyone who can write the file decides what the device, and the kernel's driver for it, reads.
    /// </remarks>
    /// <param name="stream">The stream to read; the caller owns it.</param>
    /// <param name="options">Options of the restore.</param>
    /// <param name="cancellationToken">Cancels between two parts.</param>
    /// <returns>The number of bytes of state.</returns>
    /// <exception cref="ArgumentException">The stream cannot be read, or the device cannot end in the state that the
    /// options name.</exception>
    /// <exception cref="InvalidDataException">
    /// The stream does not contain a saved state, or one with an unknown version, or it is damaged or truncated.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The device is in <see cref="MigrationState.Error"/>, its state is being read or written, or another save or
    /// restore is in progress.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="OperationCanceledException">The restore was cancelled.</exception>
    /// <exception cref="VfioException">
    /// The state is that of another kind of device, or the device did not accept it.
    /// </exception>
    public ulong RestoreFrom(
        Stream stream, MigrationOptions? options = null, CancellationToken cancellationToken = default) =>
        Finish(Restore(stream, options ?? new MigrationOptions(), isAsync: false, cancellationToken));

    /// <summary>
    /// Does the same as <see cref="RestoreFrom"/>, but awaits the stream. The device itself is written by the thread on
    /// which the stream completes.
    /// </summary>
    /// <inheritdoc cref="RestoreFrom"/>
    public Task<ulong> RestoreFromAsync(
        Stream stream, MigrationOptions? options = null, CancellationToken cancellationToken = default) =>
        Restore(stream, options ?? new MigrationOptions(), isAsync: true, cancellationToken).AsTask();

    private async ValueTask<ulong> Restore(
        Stream stream, MigrationOptions options, bool isAsync, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CheckOptions(options);
        if (!stream.CanRead)
        {
            throw new ArgumentException("the stream cannot be read", nameof(stream));
        }

        MigrationState before = Begin(state => state != MigrationState.Error && !HasSession(state));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(StateFormat.MostPartBytes);
        try
        {
            StateReader reader = new(stream, isAsync);
            CheckIdentity(await reader.ReadHeader(cancellation).ConfigureAwait(false));
            ulong? expected = stream.CanSeek
                ? await Verify(reader, stream, buffer, cancellation).ConfigureAwait(false)
                : null;
            cancellation.ThrowIfCancellationRequested();
            return await Fill(reader, buffer, expected, before, options, cancellation).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            SetFree();
        }
    }

    private async ValueTask<ulong> Fill(
        StateReader reader,
        byte[] buffer,
        ulong? expected,
        MigrationState before,
        MigrationOptions options,
        CancellationToken cancellation)
    {
        IMigrationData session = BeginToTake(before);
        try
        {
            int count;
            while ((count = await reader.ReadPart(buffer, cancellation).ConfigureAwait(false)) != 0)
            {
                Write(session, buffer.AsSpan(0, count));
                options.Progress?.Report(new MigrationProgress(MigrationState.Resuming, reader.Length, expected));
                cancellation.ThrowIfCancellationRequested();
            }

            Leave(MigrationState.Stop); // the kernel checks the complete state here
            if (options.FinalState != MigrationState.Stop)
            {
                Leave(options.FinalState);
            }

            return reader.Length;
        }
        catch
        {
            GiveUp();
            throw;
        }
    }

    // A device that does not begin to accept a state keeps its own, and continues.
    private IMigrationData BeginToTake(MigrationState before)
    {
        try
        {
            return Move(MigrationState.Resuming);
        }
        catch
        {
            if (HoldsItsState())
            {
                GoBack(before);
            }
            else
            {
                GiveUp();
            }

            throw;
        }
    }

    private bool HoldsItsState()
    {
        lock (_lock)
        {
            return !_isEnded
                && _backend.GetMigrationState(out uint state) == 0
                && (MigrationState)state is not (MigrationState.Resuming or MigrationState.Error);
        }
    }

    private static async ValueTask<ulong> Verify(
        StateReader reader, Stream stream, byte[] buffer, CancellationToken cancellation)
    {
        long start = stream.Position;
        while (await reader.ReadPart(buffer, cancellation).ConfigureAwait(false) != 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        ulong length = reader.Length;
        stream.Position = start;
        reader.Restart();
        return length;
    }

    private void CheckIdentity(MigrationIdentity saved)
    {
        MigrationIdentity own = _readIdentity();
        if (saved != own)
        {
            throw new VfioException(
                "restore",
                _name,
                $"the saved state is that of {saved}, but the device is {own}",
                "a state can only be restored to a device of the same kind");
        }
    }

    // "To abort a RESUMING session the device must be reset."
    private void GiveUp()
    {
        lock (_lock)
        {
            try
            {
                if (!_isEnded)
                {
                    _backend.Reset();
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
}
