namespace Vfio.Tests;

/// <summary>
/// Saved states as untrusted input, and devices that do not accept them, on a fake device, so that every byte can be
/// corrupted.
/// </summary>
public sealed class MigrationRestoreOfAFakeTests
{
    private const MigrationCapabilities Plain = MigrationCapabilities.StopCopy;
    private const string State = "FAKE state of some bytes";

    [Fact]
    public void A_file_corrupt_in_any_byte_is_refused_before_the_device_is_touched()
    {
        byte[] file = Save();
        for (int at = 0; at < file.Length; at++)
        {
            foreach (byte flip in (byte[])[0x01, 0x80, 0xff])
            {
                byte[] damaged = [.. file];
                damaged[at] ^= flip;
                using MigratingBackend backend = new(Plain);
                using VfioDevice device = new(backend, default);
                Assert.Throws<InvalidDataException>(
                    () => device.GetMigration().RestoreFrom(new MemoryStream(damaged), cancellationToken: Token));
                Assert.Empty(backend.Log);
            }
        }
    }

    [Fact]
    public void A_file_cut_off_anywhere_is_refused_before_the_device_is_touched()
    {
        byte[] file = Save();
        for (int length = 0; length < file.Length; length++)
        {
            using MigratingBackend backend = new(Plain);
            using VfioDevice device = new(backend, default);
            InvalidDataException refusal = Assert.Throws<InvalidDataException>(
                () => device.GetMigration().RestoreFrom(new MemoryStream(file[..length]), cancellationToken: Token));
            Assert.Contains("truncated", refusal.Message, StringComparison.Ordinal);
            Assert.Empty(backend.Log);
        }
    }

    [Fact]
    public void Of_a_stream_that_is_read_once_no_corrupt_part_is_written_and_the_device_is_reset()
    {
        byte[] file = Save();
        for (int at = 0; at < file.Length; at++)
        {
            byte[] damaged = [.. file];
            damaged[at] ^= 0x10;
            using MigratingBackend backend = new(Plain, "FAKE before");
            using VfioDevice device = new(backend, default);
            Assert.Throws<InvalidDataException>(
                () => device.GetMigration().RestoreFrom(new Once(damaged), cancellationToken: Token));
            Assert.Equal("FAKE before", System.Text.Encoding.ASCII.GetString(backend.Content));
            Assert.Equal((MigrationState.Running, 0), (device.GetMigration().GetState(), backend.OpenSessions));
            Assert.Equal(backend.Log.Count == 0, backend.Log is not [.., "reset"]);
        }

        using MigratingBackend good = new(Plain);
        using VfioDevice target = new(good, default);
        target.GetMigration().RestoreFrom(new Once(file), cancellationToken: Token);
        Assert.Equal(State, System.Text.Encoding.ASCII.GetString(good.Content));
    }

    [Theory]
    [InlineData(MigrationState.Running)]
    [InlineData(MigrationState.Stop)]
    public void A_device_that_does_not_accept_a_state_continues_with_its_own(MigrationState endsIn)
    {
        byte[] file = Save();
        using MigratingBackend backend = new(Plain, "FAKE before");
        using VfioDevice device = new(backend, default);
        (MigrationState, MigrationState) arc = endsIn == MigrationState.Running
            ? (MigrationState.Running, MigrationState.Stop)
            : (MigrationState.Stop, MigrationState.Resuming);
        backend.Failing[arc] = (Errno.EBUSY, endsIn);
        Assert.Throws<VfioException>(
            () => device.GetMigration().RestoreFrom(new MemoryStream(file), cancellationToken: Token));
        Assert.DoesNotContain("reset", backend.Log);
        Assert.Equal(
            (MigrationState.Running, "FAKE before"),
            (device.GetMigration().GetState(), System.Text.Encoding.ASCII.GetString(backend.Content)));
    }

    [Fact]
    public void Parts_that_are_missing_doubled_or_out_of_order_are_found()
    {
        // Three parts, the second of other bytes than the others.
        using MigratingBackend source = new(Plain, "FAKE" + new string('x', 300_000) + new string('y', 400_000));
        using VfioDevice saved = new(source, default);
        using MemoryStream stream = new();
        saved.GetMigration().SaveTo(stream, cancellationToken: Token);
        byte[] file = stream.ToArray();
        const int Header = 36;
        const int Part = (256 * 1024) + 8;
        byte[] head = file[..Header];
        byte[] one = file[Header..(Header + Part)];
        byte[] two = file[(Header + Part)..(Header + (2 * Part))];
        byte[] rest = file[(Header + (2 * Part))..];
        foreach (byte[] other in (byte[][])[
            [.. head, .. two, .. one, .. rest],
            [.. head, .. one, .. rest],
            [.. head, .. one, .. one, .. two, .. rest],
            [.. head, .. one, .. two, .. file[^20..]],
        ])
        {
            using MigratingBackend backend = new(Plain);
            using VfioDevice device = new(backend, default);
            InvalidDataException refusal = Assert.Throws<InvalidDataException>(
                () => device.GetMigration().RestoreFrom(new MemoryStream(other), cancellationToken: Token));
            Assert.Contains("missing, duplicated or out of order", refusal.Message, StringComparison.Ordinal);
            Assert.Empty(backend.Log);
        }

        using MigratingBackend good = new(Plain);
        using VfioDevice target = new(good, default);
        target.GetMigration()
            .RestoreFrom(new MemoryStream([.. head, .. one, .. two, .. rest, 1, 2, 3]), cancellationToken: Token);
        Assert.Equal(source.Content, good.Content);
    }

    [Fact]
    public void The_state_of_another_kind_of_device_is_refused_with_both_named()
    {
        byte[] file = Save();
        using MigratingBackend backend = new(Plain) { VendorId = 0x1234 };
        using VfioDevice device = new(backend, default);
        VfioException refusal = Assert.Throws<VfioException>(
            () => device.GetMigration().RestoreFrom(new MemoryStream(file), cancellationToken: Token));
        Assert.Contains(
            "8086:10d3 (subsystem 1af4:0001, revision 03), but the device is 1234:10d3",
            refusal.Message,
            StringComparison.Ordinal);
        Assert.Empty(backend.Log);
    }

    [Fact]
    public void Random_bytes_and_another_version_are_not_a_saved_state()
    {
        using MigratingBackend backend = new(Plain);
        using VfioDevice device = new(backend, default);
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            Assert.Throws<InvalidDataException>(
                () => device.GetMigration().RestoreFrom(new MemoryStream(bytes), cancellationToken: Token));
        }

        byte[] file = Save();
        file[8] = 2;
        Assert.Contains(
            "version 2",
            Assert.Throws<InvalidDataException>(
                () => device.GetMigration().RestoreFrom(new MemoryStream(file), cancellationToken: Token)).Message,
            StringComparison.Ordinal);
        Assert.Empty(backend.Log);
    }

    [Fact]
    public async Task Cancelled_or_failed_the_device_is_reset_and_runs()
    {
        using MigratingBackend source = new(Plain, "FAKE" + new string('x', 3_000_000));
        using VfioDevice saved = new(source, default);
        using MemoryStream file = new();
        saved.GetMigration().SaveTo(file, cancellationToken: Token);
        using MigratingBackend backend = new(Plain);
        using VfioDevice device = new(backend, default);
        using CancellationTokenSource cancellation = new();
        backend.Moving = count =>
        {
            if (count == 2)
            {
                cancellation.Cancel();
            }

            return 0;
        };
        file.Position = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => device.GetMigration().RestoreFromAsync(file, cancellationToken: cancellation.Token));
        Check();
        backend.Moving = count => count == 3 ? Errno.EINVAL : 0;
        file.Position = 0;
        VfioException refusal = Assert.Throws<VfioException>(
            () => device.GetMigration().RestoreFrom(file, cancellationToken: Token));
        Assert.Equal((Errno.EINVAL, "write"), (refusal.Errno, refusal.Operation));
        Check();

        void Check()
        {
            Assert.Equal(
                (MigrationState.Running, 0, "reset"),
                (device.GetMigration().GetState(), backend.OpenSessions, backend.Log[^1]));
            Assert.Equal("FAKE"u8, backend.Content);
        }
    }

    [Fact]
    public void A_state_that_the_kernel_refuses_at_the_end_is_reported_and_the_device_is_reset()
    {
        using MigratingBackend source = new(Plain, "no state of a fake");
        using VfioDevice saved = new(source, default);
        using MemoryStream file = new();
        saved.GetMigration().SaveTo(file, cancellationToken: Token);
        using MigratingBackend backend = new(Plain);
        using VfioDevice device = new(backend, default);
        file.Position = 0;
        VfioException refusal = Assert.Throws<VfioException>(
            () => device.GetMigration().RestoreFrom(file, cancellationToken: Token));
        Assert.Contains("from Resuming to Stop: EINVAL", refusal.Message, StringComparison.Ordinal);
        Assert.Equal((MigrationState.Running, "reset"), (device.GetMigration().GetState(), backend.Log[^1]));
    }

    [Fact]
    public void One_whose_reset_fails_too_is_left_resuming()
    {
        using MigratingBackend backend = new(Plain) { ResetErrno = Errno.EIO };
        using VfioDevice device = new(backend, default);
        backend.Moving = _ => Errno.EIO;
        Assert.Throws<VfioException>(
            () => device.GetMigration().RestoreFrom(new MemoryStream(Save()), cancellationToken: Token));
        Assert.Equal((MigrationState.Resuming, 0), (device.GetMigration().GetState(), backend.OpenSessions));
        Assert.Throws<InvalidOperationException>(
            () => device.GetMigration().RestoreFrom(new MemoryStream(Save()), cancellationToken: Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Save()
    {
        using MigratingBackend backend = new(Plain, State);
        using VfioDevice device = new(backend, default);
        using MemoryStream file = new();
        device.GetMigration().SaveTo(file, cancellationToken: Token);
        return file.ToArray();
    }

    /// <summary>Represents a stream like a socket: it cannot seek, and returns a few bytes at a time.</summary>
    private sealed class Once(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(7, buffer.Length)]);
    }
}
