using static Vfio.Conformance.Tests.MttyState;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Saves the state of one of the kernel's sample serial ports and restores it into another. Features that this sample
/// lacks are tested with a fake (tests/Vfio.Tests/Migration).
/// </summary>
[Trait("Backend", "kernel")]
public sealed class MigrationTests(BoundDevices devices) : MachineTests(devices)
{
    private const string Dual = "mtty-2";

    public static TheoryData<VfioBackend, VfioBackend> Ways => new()
    {
        { VfioBackend.Iommufd, VfioBackend.Iommufd },
        { VfioBackend.Type1v2, VfioBackend.Type1v2 },
        { VfioBackend.CompatibleType1v2, VfioBackend.CompatibleType1v2 },
        { VfioBackend.Iommufd, VfioBackend.Type1v2 },
        { VfioBackend.Type1v2, VfioBackend.Iommufd },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_state_is_restored_into_another_device_which_continues_from_there(VfioBackend from, VfioBackend to)
    {
        using KernelMdev first = new(Dual);
        using KernelMdev second = new(Dual);
        using VfioDevice source = first.Open(from);
        using VfioDevice target = second.Open(to);
        Assert.True(source.SupportsMigration());
        Report(source);
        Fill(source);
        byte[] saved = Save(source);
        Assert.Equal(MigrationState.Stop, source.GetMigration().GetState());
        using MemoryStream file = new(saved);
        target.GetMigration().RestoreFrom(file, new MigrationOptions { FinalState = MigrationState.Running }, Token);
        Assert.Equal((saved.Length, MigrationState.Running), (file.Position, target.GetMigration().GetState()));
        Assert.Equal(saved, Save(target, MigrationState.Running));
        Check(target);
        // The first device still has its data.
        source.GetMigration().SetState(MigrationState.Running);
        Check(source);
    }

    [Fact]
    public async Task The_same_without_a_thread_that_waits_and_through_a_file()
    {
        string path = Path.GetTempFileName();
        try
        {
            using KernelMdev first = new(Dual);
            using KernelMdev second = new(Dual);
            using (VfioDevice source = first.Open())
            {
                Fill(source);
                await using FileStream file = File.Create(path);
                await source.GetMigration().SaveToAsync(file, cancellationToken: Token);
            }

            using VfioDevice target = second.Open();
            await using FileStream saved = File.OpenRead(path);
            await target.GetMigration()
                .RestoreFromAsync(saved, new MigrationOptions { FinalState = MigrationState.Running }, Token);
            Check(target);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_first_part_is_read_while_it_runs_where_it_can()
    {
        using KernelMdev first = new(Dual);
        using VfioDevice source = first.Open();
        Assert.SkipUnless(
            (source.GetMigration().Capabilities & MigrationCapabilities.PreCopy) != 0,
            "this kernel's mtty has no pre-copy");
        Fill(source);
        List<PreCopyInfo> seen = [];
        using MemoryStream file = new();
        MigrationOptions options = new()
        {
            FinalState = MigrationState.Running,
            ContinuePreCopy = info =>
            {
                seen.Add(info);
                return MigrationOptions.WhileInitialBytesRemain(info);
            },
        };
        source.GetMigration().SaveTo(file, options, Token);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen));
        Assert.NotEmpty(seen);
        Check(source);
        using KernelMdev second = new(Dual);
        using VfioDevice target = second.Open();
        file.Position = 0;
        target.GetMigration().RestoreFrom(file, new MigrationOptions { FinalState = MigrationState.Running }, Token);
        Check(target);
    }

    [Fact]
    public void Every_state_that_it_has_is_reached_or_refused_as_the_kernel_documents()
    {
        using KernelMdev mdev = new("mtty-1");
        using VfioDevice device = mdev.Open();
        DeviceMigration migration = device.GetMigration();
        MigrationState[] states = [.. Enum.GetValues<MigrationState>().Skip(1).Where(state => Has(migration, state))];
        byte[] saved = Raw(migration);
        foreach (MigrationState from in states)
        {
            foreach (MigrationState to in states)
            {
                migration.Reset();
                migration.SetState(from);
                if (from == MigrationState.Resuming)
                {
                    migration.WriteData(saved);
                }

                bool isRefused = from == MigrationState.StopCopy
                    && to is (MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer);
                VfioException? refusal = Record.Exception(() => migration.SetState(to)) as VfioException;
                Assert.True(isRefused == (refusal is not null), $"{from} to {to}: {refusal?.Message ?? "no refusal"}");
                Assert.Equal(isRefused ? from : to, migration.GetState());
            }
        }

        foreach (MigrationState state in Enum.GetValues<MigrationState>().Skip(1).Except(states))
        {
            Assert.Throws<NotSupportedException>(() => migration.SetState(state));
        }
    }

    [Fact]
    public void Devices_without_migration_say_so()
    {
        using KernelMdev mdev = new("mdpy-vga");
        using VfioDevice display = mdev.Open();
        Assert.False(display.SupportsMigration() || display.SupportsDirtyTracking());
        Assert.Throws<NotSupportedException>(() => display.GetMigration());
        using KernelEdu edu = new(VfioBackend.Automatic, Devices);
        using VfioDevice pci = edu.Open();
        Assert.False(pci.SupportsMigration() || pci.SupportsDirtyTracking());
        Assert.Throws<NotSupportedException>(() => pci.StartDirtyTracking([new(new Iova(0), new Iova(0xfff))]));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static bool Has(DeviceMigration migration, MigrationState state) =>
        (state is not (MigrationState.RunningPeerToPeer or MigrationState.PreCopyPeerToPeer)
            || (migration.Capabilities & MigrationCapabilities.PeerToPeer) != 0)
        && (state is not (MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer)
            || (migration.Capabilities & MigrationCapabilities.PreCopy) != 0);

    private static void Report(VfioDevice device) => TestContext.Current.TestOutputHelper?.WriteLine(
        $"{device.MediatedDevice}: {device.GetMigration().Capabilities}, {device.GetMigration().GetState()}, "
        + $"{device.GetMigration().GetExpectedLength()} bytes expected, can reset: {device.CanReset}");
}
