using static Vfio.Conformance.Tests.MttyState;

namespace Vfio.Conformance.Tests;

/// <summary>Saves and restores that fail: the state in which they leave the device and the program.</summary>
[Trait("Backend", "kernel")]
public sealed class MigrationFailureTests
{
    private const string Dual = "mtty-2";

    [Fact]
    public void A_corrupt_a_truncated_and_a_foreign_state_do_not_change_the_device()
    {
        using KernelMdev first = new(Dual);
        using KernelMdev second = new(Dual);
        using KernelMdev single = new("mtty-1");
        using VfioDevice source = first.Open();
        using VfioDevice target = second.Open();
        using VfioDevice other = single.Open();
        byte[] saved = Save(source);
        Fill(target);
        for (int at = 0; at < saved.Length; at += 7)
        {
            byte[] damaged = [.. saved];
            damaged[at] ^= 0x20;
            Assert.Throws<InvalidDataException>(
                () => target.GetMigration().RestoreFrom(new MemoryStream(damaged), cancellationToken: Token));
            Assert.Throws<InvalidDataException>(
                () => target.GetMigration().RestoreFrom(new MemoryStream(saved[..at]), cancellationToken: Token));
        }

        VfioException foreign = Assert.Throws<VfioException>(
            () => other.GetMigration().RestoreFrom(new MemoryStream(saved), cancellationToken: Token));
        Assert.Contains("type mtty-2", foreign.Message, StringComparison.Ordinal);
        Assert.Equal(
            (MigrationState.Running, MigrationState.Running),
            (target.GetMigration().GetState(), other.GetMigration().GetState()));
        Check(target);
    }

    [Fact]
    public void What_the_kernel_itself_refuses_resets_the_device()
    {
        using KernelMdev first = new("mtty-1");
        using KernelMdev second = new(Dual);
        using VfioDevice source = first.Open();
        using VfioDevice target = second.Open();
        byte[] ofOnePort = Raw(source.GetMigration());
        DeviceMigration migration = target.GetMigration();
        foreach (byte[] state in (byte[][])[
            [],
            ofOnePort[..(ofOnePort.Length / 2)],
            [.. ofOnePort.Select(value => (byte)~value)],
            ofOnePort,
        ])
        {
            migration.SetState(MigrationState.Resuming);
            VfioException refusal = Assert.Throws<VfioException>(() =>
            {
                migration.WriteData(state);
                migration.SetState(MigrationState.Stop);
            });
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{state.Length} bytes: {refusal.Message}; {migration.GetState()}");
            migration.Reset();
            Assert.Equal(MigrationState.Running, migration.GetState());
        }

        Fill(target);
        Check(target);
    }

    [Fact]
    public void Cancelled_half_way_a_save_goes_back_and_a_restore_is_reset()
    {
        using KernelMdev first = new(Dual);
        using KernelMdev second = new(Dual);
        using VfioDevice source = first.Open();
        using VfioDevice target = second.Open();
        Fill(source);
        Fill(target);
        byte[] saved = Save(source, MigrationState.Running);
        using CancellationTokenSource saving = new();
        Assert.ThrowsAny<OperationCanceledException>(
            () => source.GetMigration().SaveTo(new MemoryStream(), Cancelling(saving), saving.Token));
        Assert.Equal(MigrationState.Running, source.GetMigration().GetState());
        Check(source);
        using CancellationTokenSource restoring = new();
        Assert.ThrowsAny<OperationCanceledException>(
            () => target.GetMigration().RestoreFrom(new MemoryStream(saved), Cancelling(restoring), restoring.Token));
        Assert.Equal(MigrationState.Running, target.GetMigration().GetState());
        target.GetMigration()
            .RestoreFrom(new MemoryStream(saved), new MigrationOptions { FinalState = MigrationState.Running }, Token);
        Check(target);
    }

    [Theory]
    [InlineData(MigrationState.StopCopy)]
    [InlineData(MigrationState.Resuming)]
    public void A_device_that_is_closed_half_way_is_opened_again_as_its_driver_left_it_and_a_reset_makes_it_new(
        MigrationState state)
    {
        using KernelMdev mdev = new(Dual);
        VfioDevice device = mdev.Open();
        Fill(device);
        device.GetMigration().SetState(state);
        if (state == MigrationState.Resuming)
        {
            device.GetMigration().WriteData([1, 2, 3]);
        }

        device.Dispose();
        using VfioDevice again = mdev.Open();
        TestContext.Current.TestOutputHelper?.WriteLine($"left in {state}, found in {again.GetMigration().GetState()}");
        again.GetMigration().Reset();
        Assert.Equal(MigrationState.Running, again.GetMigration().GetState());
        Fill(again);
        Check(again);
    }

    [Theory]
    [InlineData("save")]
    [InlineData("restore")]
    public void A_program_that_is_killed_half_way_leaves_a_device_that_a_reset_makes_new(string verb)
    {
        using KernelMdev mdev = new(Dual);
        using ChildProgram victim = ChildProgram.Start(verb, $"{mdev.Id}");
        victim.KillAfter("half way");
        using VfioDevice device = mdev.Open();
        TestContext.Current.TestOutputHelper?.WriteLine($"found in {device.GetMigration().GetState()}");
        device.GetMigration().Reset();
        Assert.Equal(MigrationState.Running, device.GetMigration().GetState());
        Fill(device);
        byte[] saved = Save(device);
        device.GetMigration()
            .RestoreFrom(new MemoryStream(saved), new MigrationOptions { FinalState = MigrationState.Running }, Token);
        Check(device);
    }

    [Fact]
    public void Every_call_that_fails_is_named_and_leaves_no_descriptor()
    {
        using KernelMdev first = new(Dual);
        byte[] saved;
        using (VfioDevice device = first.Open())
        {
            saved = Save(device);
        }

        string[] descriptors = Descriptors.Read();
        HashSet<string> named = [];
        int n = 0;
        for (bool failed = true; failed; n++)
        {
            int count = 0;
            string? culprit = null;
            bool isCounting = false;
            SystemCalls calls = new(call =>
            {
                if (!isCounting || count++ != n)
                {
                    return 0;
                }

                culprit = call;
                return Errno.EIO;
            });
            using (VfioDevice device = VfioDevice.OpenMediated(first.Id, new VfioOpenOptions { Calls = calls }))
            {
                DeviceMigration migration = device.GetMigration();
                isCounting = true;
                VfioException? failure = Record.Exception(() =>
                {
                    device.GetMigration().SaveTo(
                        new MemoryStream(), new MigrationOptions { FinalState = MigrationState.Running }, Token);
                    device.GetMigration().RestoreFrom(new MemoryStream(saved), cancellationToken: Token);
                }) as VfioException;
                isCounting = false;
                failed = culprit is not null;
                // An estimate that is not available is null.
                Assert.True(failed == (failure is not null) || culprit == "VFIO_DEVICE_FEATURE_MIG_DATA_SIZE", culprit);
                Assert.NotEqual(MigrationState.Error, migration.GetState());
                named.Add(culprit ?? "");
            }

            Descriptors.AssertNoMoreThan(descriptors);
        }

        Assert.Superset(
            new HashSet<string>(
                ["VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE", "read", "write", "VFIO_DEVICE_GET_REGION_INFO"]),
            named);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static MigrationOptions Cancelling(CancellationTokenSource source) =>
        new() { Progress = new Canceller(source) };

    private sealed class Canceller(CancellationTokenSource source) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) => source.Cancel();
    }
}
