namespace Vfio.Tests;

/// <summary>
/// Saving, with everything that the machine's only migratable device lacks, on a fake device made from linux/vfio.h.
/// </summary>
public sealed class MigrationSaveOfAFakeTests
{
    private const MigrationCapabilities All = MigrationCapabilities.StopCopy
        | MigrationCapabilities.PeerToPeer
        | MigrationCapabilities.PreCopy;

    [Theory]
    [InlineData(4)]
    [InlineData(300_000)]
    [InlineData(3_000_000)]
    public async Task What_is_saved_is_restored_into_another_and_saved_again_the_same(int length)
    {
        foreach (bool isAsync in (bool[])[false, true])
        {
            string state = "FAKE" + new string('x', length - 4);
            using MigratingBackend first = new(All, state);
            using MigratingBackend second = new(All);
            using VfioDevice source = new(first, default);
            using VfioDevice target = new(second, default);
            using MemoryStream file = new();
            using MemoryStream again = new();
            Assert.Equal((ulong)length, isAsync
                ? await source.GetMigration().SaveToAsync(file, cancellationToken: Token)
                : source.GetMigration().SaveTo(file, cancellationToken: Token));
            Assert.Equal((MigrationState.Stop, 0), (source.GetMigration().GetState(), first.OpenSessions));
            file.Position = 0;
            Assert.Equal((ulong)length, isAsync
                ? await target.GetMigration().RestoreFromAsync(file, cancellationToken: Token)
                : target.GetMigration().RestoreFrom(file, cancellationToken: Token));
            Assert.Equal(
                (MigrationState.Stop, 0, file.Length),
                (target.GetMigration().GetState(), second.OpenSessions, file.Position));
            Assert.Equal(first.Content, second.Content);
            target.GetMigration().SaveTo(again, cancellationToken: Token);
            Assert.Equal(file.ToArray(), again.ToArray());
        }
    }

    [Theory]
    [InlineData(MigrationState.Stop)]
    [InlineData(MigrationState.Running)]
    [InlineData(MigrationState.RunningPeerToPeer)]
    public void The_device_ends_in_the_state_that_was_asked_for(MigrationState end)
    {
        using MigratingBackend backend = new(All);
        using VfioDevice device = new(backend, default);
        using MemoryStream file = new();
        device.GetMigration().SaveTo(file, new MigrationOptions { FinalState = end }, Token);
        Assert.Equal(end, device.GetMigration().GetState());
        file.Position = 0;
        device.GetMigration().RestoreFrom(file, new MigrationOptions { FinalState = end }, Token);
        Assert.Equal(end, device.GetMigration().GetState());
    }

    [Theory]
    [InlineData(MigrationState.Error)]
    [InlineData(MigrationState.StopCopy)]
    [InlineData(MigrationState.Resuming)]
    [InlineData(MigrationState.PreCopy)]
    public void It_does_not_end_in_others(MigrationState end)
    {
        using MigratingBackend backend = new(All);
        using VfioDevice device = new(backend, default);
        Assert.Throws<ArgumentException>(
            () => device.GetMigration().SaveTo(new MemoryStream(), new MigrationOptions { FinalState = end }, Token));
        Assert.Throws<ArgumentException>(() => device.GetMigration()
            .RestoreFrom(new MemoryStream(), new MigrationOptions { FinalState = end }, Token));
        Assert.Throws<ArgumentException>(
            () => device.GetMigration().SaveTo(new MemoryStream([], writable: false), cancellationToken: Token));
        Assert.Empty(backend.Log);
    }

    [Fact]
    public void A_stopped_device_that_returns_EAGAIN_does_not_give_an_incomplete_state()
    {
        using MigratingBackend backend = new(MigrationCapabilities.StopCopy, "FAKE" + new string('x', 600_000))
        {
            Moving = count => count == 1 ? Errno.ENOMSG : 0,
        };
        using VfioDevice device = new(backend, default);
        Assert.Throws<VfioException>(() => device.GetMigration()
            .SaveTo(new MemoryStream(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal((MigrationState.Running, 0), (device.GetMigration().GetState(), backend.OpenSessions));
    }

    [Fact]
    public void A_first_part_is_read_while_the_device_runs()
    {
        using MigratingBackend backend = new(All, "FAKE first, then the rest") { InitialBytes = 10 };
        using VfioDevice device = new(backend, default);
        using MemoryStream file = new();
        List<MigrationProgress> told = [];
        MigrationOptions options =
            new() { ContinuePreCopy = MigrationOptions.WhileInitialBytesRemain, Progress = new Listener(told.Add) };
        Assert.Equal(25ul, device.GetMigration().SaveTo(file, options, Token));
        Assert.Equal(
            ["Running > PreCopy", "PreCopy > PreCopyPeerToPeer", "PreCopyPeerToPeer > StopCopy", "StopCopy > Stop"],
            backend.Log);
        Assert.Equal(
            [
                new MigrationProgress(MigrationState.PreCopy, 10, null),
                new MigrationProgress(MigrationState.StopCopy, 25, 35),
            ],
            told);
        Assert.Equal(25ul, Restored(file, "FAKE first, then the rest"));
    }

    [Fact]
    public void Peer_to_peer_transfers_stay_stopped_if_they_were_stopped_before()
    {
        using MigratingBackend backend = new(All, "FAKE state") { InitialBytes = 4 };
        using VfioDevice device = new(backend, default);
        device.GetMigration().SetState(MigrationState.RunningPeerToPeer);
        backend.Log.Clear();
        device.GetMigration().SaveTo(
            new MemoryStream(),
            new MigrationOptions { ContinuePreCopy = MigrationOptions.WhileInitialBytesRemain },
            Token);
        Assert.Equal(
            ["RunningPeerToPeer > PreCopyPeerToPeer", "PreCopyPeerToPeer > StopCopy", "StopCopy > Stop"], backend.Log);
    }

    [Fact]
    public void A_first_part_that_starts_again_is_read_again()
    {
        using MigratingBackend backend = new(All, "FAKE state") { InitialBytes = 4 };
        foreach (PreCopyInfo info in (PreCopyInfo[])[
            new(0, 6, false),
            new(6, 0, true),
            new(6, 0, true),
            new(0, 0, false),
        ])
        {
            backend.Changes.Enqueue(info);
        }

        using VfioDevice device = new(backend, default);
        List<PreCopyInfo> seen = [];
        device.GetMigration().SaveTo(
            new MemoryStream(),
            new MigrationOptions { ContinuePreCopy = info => { seen.Add(info); return info != default; } },
            Token);
        Assert.Equal([new(0, 6, false), new(6, 0, true), new(6, 0, true), new(0, 0, false)], seen);
    }

    [Fact]
    public void If_the_kernel_does_not_report_a_restart_its_flags_are_ignored()
    {
        using MigratingBackend backend = new(All, "FAKE state") { InitialBytes = 4, KnowsPreCopyFlags = false };
        backend.Changes.Enqueue(new PreCopyInfo(0, 0, true));
        using VfioDevice device = new(backend, default);
        device.GetMigration().SetState(MigrationState.PreCopy);
        Assert.Equal(new PreCopyInfo(0, 0, false), device.GetMigration().GetPreCopyInfo());
    }

    [Theory]
    [InlineData(MigrationCapabilities.StopCopy, MigrationState.Running)]
    [InlineData(All, MigrationState.Stop)]
    public void Without_pre_copy_or_stopped_already_there_is_no_first_part(
        MigrationCapabilities capabilities, MigrationState start)
    {
        using MigratingBackend backend = new(capabilities, "FAKE state");
        using VfioDevice device = new(backend, default);
        device.GetMigration().SetState(start);
        device.GetMigration().SaveTo(
            new MemoryStream(),
            new MigrationOptions { ContinuePreCopy = _ => throw new InvalidOperationException() },
            Token);
        Assert.Equal("Stop > StopCopy", backend.Log[^2]);
    }

    [Theory]
    [InlineData(MigrationState.Running)]
    [InlineData(MigrationState.RunningPeerToPeer)]
    [InlineData(MigrationState.Stop)]
    public async Task A_save_that_fails_or_is_cancelled_restores_the_previous_state(MigrationState before)
    {
        foreach (bool preCopies in (bool[])[false, true])
        {
            using MigratingBackend backend = new(All, "FAKE" + new string('x', 3_000_000)) { InitialBytes = 1_000_000 };
            using VfioDevice device = new(backend, default);
            MigrationOptions options =
                new() { ContinuePreCopy = preCopies ? MigrationOptions.WhileInitialBytesRemain : null };
            device.GetMigration().SetState(before);

            using CancellationTokenSource source = new();
            backend.Moving = count => Cancel(count == 2 ? source : null);
            Assert.ThrowsAny<OperationCanceledException>(
                () => device.GetMigration().SaveTo(new MemoryStream(), options, source.Token));
            Check();
            using CancellationTokenSource another = new();
            backend.Moving = count => Cancel(count == 2 ? another : null);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => device.GetMigration().SaveToAsync(new MemoryStream(), options, another.Token));
            Check();
            backend.Moving = count => count == 3 ? Errno.EIO : 0;
            Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(
                () => device.GetMigration().SaveTo(new MemoryStream(), options, Token)).Errno);
            Check();
            backend.Moving = _ => 0;
            // does not grow
            Assert.Throws<NotSupportedException>(
                () => device.GetMigration().SaveTo(new MemoryStream(new byte[500_000]), options, Token));
            Check();
            Assert.Equal(3_000_004ul, device.GetMigration().SaveTo(new MemoryStream(), options, Token));

            void Check() => Assert.Equal((before, 0), (device.GetMigration().GetState(), backend.OpenSessions));
        }
    }

    [Fact]
    public void One_that_fails_for_good_stays_in_error()
    {
        using MigratingBackend backend = new(All);
        backend.Failing[(MigrationState.StopCopy, MigrationState.Stop)] = (Errno.EIO, MigrationState.Error);
        using VfioDevice device = new(backend, default);
        Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(
            () => device.GetMigration().SaveTo(new MemoryStream(), cancellationToken: Token)).Errno);
        Assert.Equal((MigrationState.Error, 0), (device.GetMigration().GetState(), backend.OpenSessions));
    }

    [Fact]
    public void While_one_is_under_way_there_is_no_other_and_disposing_the_device_ends_it()
    {
        using MigratingBackend backend = new(All, "FAKE" + new string('x', 3_000_000));
        VfioDevice device = new(backend, default);
        backend.Moving = count =>
        {
            if (count == 1)
            {
                Assert.Equal(MigrationState.StopCopy, device.GetMigration().GetState());
                Assert.Throws<InvalidOperationException>(
                    () => device.GetMigration().SaveTo(new MemoryStream(), cancellationToken: Token));
                Assert.Throws<InvalidOperationException>(
                    () => device.GetMigration().RestoreFrom(new MemoryStream(), cancellationToken: Token));
                Assert.Throws<InvalidOperationException>(() => device.GetMigration().SetState(MigrationState.Stop));
                Assert.Throws<InvalidOperationException>(() => device.GetMigration().ReadData(new byte[1]));
                device.Dispose();
            }

            return 0;
        };
        Assert.Throws<ObjectDisposedException>(
            () => device.GetMigration().SaveTo(new MemoryStream(), cancellationToken: Token));
        Assert.Equal(0, backend.OpenSessions);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static int Cancel(CancellationTokenSource? source)
    {
        source?.Cancel();
        return 0;
    }

    private static ulong Restored(MemoryStream file, string state)
    {
        using MigratingBackend backend = new(All);
        using VfioDevice device = new(backend, default);
        file.Position = 0;
        ulong length = device.GetMigration().RestoreFrom(file, cancellationToken: Token);
        Assert.Equal(state, System.Text.Encoding.ASCII.GetString(backend.Content));
        return length;
    }

    private sealed class Listener(Action<MigrationProgress> listen) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) => listen(value);
    }
}
