namespace Vfio.Tests;

/// <summary>
/// Every change of state, on a fake device made from linux/vfio.h, because no device of the machine has all of them.
/// </summary>
public sealed class MigrationStatesOfAFakeTests
{
    private const MigrationCapabilities Plain = MigrationCapabilities.StopCopy;
    private const MigrationCapabilities PeerToPeer = Plain | MigrationCapabilities.PeerToPeer;
    private const MigrationCapabilities PreCopy = Plain | MigrationCapabilities.PreCopy;
    private const MigrationCapabilities All = PeerToPeer | PreCopy;

    // From (row) to (column), both in the order of the kernel's numbers without Error: Stop, Running, StopCopy,
    // Resuming, RunningPeerToPeer, PreCopy, PreCopyPeerToPeer. "." is allowed, "d" is allowed and begins a session, "s"
    // is allowed and keeps the session, "x" is refused.
    private static readonly string[] Table =
    [
        "..dd.dd", // Stop
        "..dd.dd", // Running
        "..sd.xx", // StopCopy
        "..ds.dd", // Resuming
        "..dd.dd", // RunningPeerToPeer
        "..sd.ss", // PreCopy
        "..sd.ss", // PreCopyPeerToPeer
    ];

    public static TheoryData<MigrationCapabilities> Kinds => [Plain, PeerToPeer, PreCopy, All];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_state_is_reached_from_every_other_or_refused_as_the_kernel_documents(
        MigrationCapabilities capabilities)
    {
        int count = 0;
        foreach (MigrationState from in StatesOf(capabilities))
        {
            foreach (MigrationState to in StatesOf(capabilities))
            {
                using MigratingBackend backend = new(capabilities);
                using VfioDevice device = new(backend, default);
                DeviceMigration migration = device.GetMigration();
                migration.SetState(from);
                Assert.Equal(from, migration.GetState());
                int before = backend.OpenSessions;
                Assert.Equal(MigrationArcs.IsSaving(from) || from == MigrationState.Resuming ? 1 : 0, before);
                backend.Log.Clear();
                // The data that is resumed must be a state, otherwise leaving the state fails.
                if (from == MigrationState.Resuming)
                {
                    migration.WriteData("FAKE"u8);
                }

                char expected = Table[(int)from - 1][(int)to - 1];
                VfioException? refusal = Record.Exception(() => migration.SetState(to)) as VfioException;
                Assert.Equal(expected == 'x', refusal is not null);
                Assert.Equal(expected == 'x' ? from : to, migration.GetState());
                Assert.Equal(expected is 'd' or 's' ? 1 : expected == 'x' ? before : 0, backend.OpenSessions);
                if (refusal is not null)
                {
                    Assert.Equal(Errno.EINVAL, refusal.Errno);
                    Assert.Contains($"from {from} to {to}", refusal.Message, StringComparison.Ordinal);
                    Assert.Contains("start again", refusal.Hint, StringComparison.Ordinal);
                }

                count++;
            }
        }

        Assert.Equal(StatesOf(capabilities).Count() * StatesOf(capabilities).Count(), count);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Unsupported_states_are_refused_before_the_kernel_is_asked(MigrationCapabilities capabilities)
    {
        using MigratingBackend backend = new(capabilities);
        using VfioDevice device = new(backend, default);
        foreach (MigrationState state in Enum.GetValues<MigrationState>().Skip(1).Except(StatesOf(capabilities)))
        {
            NotSupportedException refusal = Assert.Throws<NotSupportedException>(
                () => device.GetMigration().SetState(state));
            Assert.Contains(state.ToString(), refusal.Message, StringComparison.Ordinal);
        }

        foreach (MigrationState state in (MigrationState[])[
            MigrationState.Error,
            (MigrationState)8,
            (MigrationState)(-1),
        ])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => device.GetMigration().SetState(state));
        }

        Assert.Equal(
            (capabilities, MigrationState.Running),
            (device.GetMigration().Capabilities, device.GetMigration().GetState()));
        Assert.Empty(backend.Log);
    }

    [Fact]
    public void The_way_leads_through_the_states_between()
    {
        using MigratingBackend backend = new(All);
        using VfioDevice device = new(backend, default);
        device.GetMigration().SetState(MigrationState.StopCopy);
        Assert.Equal(["Running > RunningPeerToPeer", "RunningPeerToPeer > Stop", "Stop > StopCopy"], backend.Log);
        backend.Log.Clear();
        device.GetMigration().SetState(MigrationState.Running);
        device.GetMigration().SetState(MigrationState.PreCopy);
        device.GetMigration().SetState(MigrationState.StopCopy);
        Assert.Equal(["PreCopy > PreCopyPeerToPeer", "PreCopyPeerToPeer > StopCopy"], backend.Log[^2..]);
    }

    [Fact]
    public void From_error_only_a_reset_leads_on()
    {
        using MigratingBackend backend = new(All);
        backend.Failing[(MigrationState.Stop, MigrationState.StopCopy)] = (Errno.EIO, MigrationState.Error);
        using VfioDevice device = new(backend, default);
        VfioException failure = Assert.Throws<VfioException>(
            () => device.GetMigration().SetState(MigrationState.StopCopy));
        Assert.Equal(Errno.EIO, failure.Errno);
        Assert.Contains("must be reset", failure.Hint, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Error, device.GetMigration().GetState());
        foreach (MigrationState state in StatesOf(All))
        {
            Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => device.GetMigration().SetState(state)).Errno);
        }

        Assert.Throws<InvalidOperationException>(
            () => device.GetMigration().SaveTo(Stream.Null, cancellationToken: Token));
        Assert.Throws<InvalidOperationException>(
            () => device.GetMigration().RestoreFrom(new MemoryStream(), cancellationToken: Token));
        device.GetMigration().Reset();
        Assert.Equal(MigrationState.Running, device.GetMigration().GetState());
    }

    [Fact]
    public void A_change_that_fails_on_its_way_says_where_the_device_is()
    {
        using MigratingBackend backend = new(All);
        backend.Failing[(MigrationState.Stop, MigrationState.Resuming)] = (Errno.ENOMEM, MigrationState.Stop);
        using VfioDevice device = new(backend, default);
        VfioException failure = Assert.Throws<VfioException>(
            () => device.GetMigration().SetState(MigrationState.Resuming));
        Assert.Contains("from Stop to Resuming: ENOMEM", failure.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Stop, device.GetMigration().GetState());
        device.GetMigration().SetState(MigrationState.Running);
    }

    [Fact]
    public void A_state_of_a_newer_kernel_is_reported_and_not_guessed()
    {
        using MigratingBackend backend = new(All);
        backend.Failing[(MigrationState.Running, MigrationState.RunningPeerToPeer)] = (Errno.EIO, (MigrationState)8);
        using VfioDevice device = new(backend, default);
        Assert.Throws<VfioException>(() => device.GetMigration().SetState(MigrationState.Stop));
        Assert.Contains(
            "unknown migration state: 8",
            Assert.Throws<VfioException>(() => device.GetMigration().GetState()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_can_be_read_and_written_is_so_only_in_its_states()
    {
        using MigratingBackend backend = new(All, "FAKE state") { InitialBytes = 4 };
        using VfioDevice device = new(backend, default);
        DeviceMigration migration = device.GetMigration();
        byte[] buffer = new byte[64];
        Assert.Throws<InvalidOperationException>(() => migration.ReadData(buffer));
        Assert.Throws<InvalidOperationException>(() => migration.WriteData("FAKE"u8));
        Assert.Throws<InvalidOperationException>(() => migration.GetPreCopyInfo());
        migration.SetState(MigrationState.PreCopy);
        Assert.Equal(new PreCopyInfo(4, 0, false), migration.GetPreCopyInfo());
        Assert.Equal((4, 0, 0), (migration.ReadData(buffer), migration.ReadData(buffer), migration.ReadData(buffer)));
        migration.SetState(MigrationState.StopCopy);
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => migration.GetPreCopyInfo()).Errno);
        Assert.Equal((6, 0), (migration.ReadData(buffer.AsSpan(4)), migration.ReadData(buffer)));
        Assert.Equal("FAKE state"u8, buffer.AsSpan(0, 10));
        migration.SetState(MigrationState.Running);
        Assert.Throws<InvalidOperationException>(() => migration.ReadData(buffer));
        migration.SetState(MigrationState.Resuming);
        migration.WriteData("nothing that is a state"u8);
        VfioException refusal = Assert.Throws<VfioException>(() => migration.SetState(MigrationState.Stop));
        Assert.Contains("incomplete, or not for this device", refusal.Hint, StringComparison.Ordinal);
        Assert.Equal((MigrationState.Resuming, 1), (migration.GetState(), backend.OpenSessions));
        device.GetMigration().Reset();
        migration.SetState(MigrationState.Running);
        Assert.Equal(0, backend.OpenSessions);
    }

    [Fact]
    public void A_session_ends_with_the_device()
    {
        using MigratingBackend backend = new(All);
        VfioDevice device = new(backend, default);
        DeviceMigration migration = device.GetMigration();
        migration.SetState(MigrationState.StopCopy);
        Assert.Equal(1, backend.OpenSessions);
        device.Dispose();
        Assert.Equal((0, true), (backend.OpenSessions, backend.IsDisposed));
        Assert.Throws<ObjectDisposedException>(() => migration.GetState());
        Assert.Throws<ObjectDisposedException>(() => migration.SetState(MigrationState.Stop));
        Assert.Throws<ObjectDisposedException>(() => migration.ReadData(new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => migration.GetExpectedLength());
        Assert.Throws<ObjectDisposedException>(() => migration.SaveTo(Stream.Null, cancellationToken: Token));
        Assert.Throws<ObjectDisposedException>(() => device.GetMigration());
    }

    [Fact]
    public void A_device_that_cannot_be_migrated_says_so()
    {
        using MigratingBackend backend = new(MigrationCapabilities.None);
        using VfioDevice device = new(backend, default);
        Assert.False(device.SupportsMigration());
        Assert.Throws<NotSupportedException>(() => device.GetMigration());
        using MemoryBackend other = new();
        using VfioDevice plain = new(other, default);
        Assert.False(plain.SupportsMigration() || plain.SupportsDirtyTracking());
    }

    [Fact]
    public void The_expected_length_is_null_if_the_kernel_does_not_report_it()
    {
        using MigratingBackend backend = new(Plain, "FAKE 12345");
        using VfioDevice device = new(backend, default);
        Assert.Equal(10ul, device.GetMigration().GetExpectedLength());
        backend.Unknown.Add(9);
        Assert.Null(device.GetMigration().GetExpectedLength());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IEnumerable<MigrationState> StatesOf(MigrationCapabilities capabilities) =>
        Enum.GetValues<MigrationState>().Skip(1).Where(state =>
            (state is not (MigrationState.RunningPeerToPeer or MigrationState.PreCopyPeerToPeer)
                || (capabilities & MigrationCapabilities.PeerToPeer) != 0)
            && (state is not (MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer)
                || (capabilities & MigrationCapabilities.PreCopy) != 0));
}
