using System.Diagnostics;
using Vfio.Interop;

namespace Vfio.Conformance.Tests;

/// <summary>The state of one of the kernel's sample serial ports, saved and restored into another. What that sample lacks is tried on a fake (tests/Vfio.Tests/Migration).</summary>
[Trait("Backend", "kernel")]
public sealed class MigrationTests
{
    private const string Dual = "mtty-2";
    private static readonly byte[] Sent = "0123456789abcde"u8.ToArray();

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
    public void A_state_goes_into_another_device_which_goes_on_where_the_first_stood(VfioBackend from, VfioBackend to)
    {
        using KernelMdev first = new(Dual);
        using KernelMdev second = new(Dual);
        using VfioDevice source = first.Open(from);
        using VfioDevice target = second.Open(to);
        Assert.True(source.CanMigrate);
        Report(source);
        Fill(source);
        byte[] saved = Save(source);
        Assert.Equal(MigrationState.Stop, source.Migration.State);
        using MemoryStream file = new(saved);
        target.Migration.RestoreFrom(file, new MigrationOptions { EndsIn = MigrationState.Running }, Token);
        Assert.Equal((saved.Length, MigrationState.Running), (file.Position, target.Migration.State));
        Assert.Equal(saved, Save(target, MigrationState.Running));
        Check(target);
        // And what was there is there still, in the first.
        source.Migration.SetState(MigrationState.Running);
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
                await source.Migration.SaveToAsync(file, cancellation: Token);
            }

            using VfioDevice target = second.Open();
            await using FileStream saved = File.OpenRead(path);
            await target.Migration.RestoreFromAsync(saved, new MigrationOptions { EndsIn = MigrationState.Running }, Token);
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
        Assert.SkipUnless((source.Migration.Capabilities & MigrationCapabilities.PreCopy) != 0, "this kernel's mtty has no pre-copy");
        Fill(source);
        List<PreCopyInfo> seen = [];
        using MemoryStream file = new();
        MigrationOptions options = new()
        {
            EndsIn = MigrationState.Running,
            PreCopyWhile = info =>
            {
                seen.Add(info);
                return MigrationOptions.UntilFirstPartIsRead(info);
            },
        };
        source.Migration.SaveTo(file, options, Token);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen));
        Assert.NotEmpty(seen);
        Check(source);
        using KernelMdev second = new(Dual);
        using VfioDevice target = second.Open();
        file.Position = 0;
        target.Migration.RestoreFrom(file, new MigrationOptions { EndsIn = MigrationState.Running }, Token);
        Check(target);
    }

    [Fact]
    public void Every_state_that_it_has_is_reached_or_refused_as_the_kernel_documents()
    {
        using KernelMdev mdev = new("mtty-1");
        using VfioDevice device = mdev.Open();
        DeviceMigration migration = device.Migration;
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

                bool isRefused = from == MigrationState.StopCopy && to is (MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer);
                VfioException? refusal = Record.Exception(() => migration.SetState(to)) as VfioException;
                Assert.True(isRefused == (refusal is not null), $"{from} to {to}: {refusal?.Message ?? "no refusal"}");
                Assert.Equal(isRefused ? from : to, migration.State);
            }
        }

        foreach (MigrationState state in Enum.GetValues<MigrationState>().Skip(1).Except(states))
        {
            Assert.Throws<NotSupportedException>(() => migration.SetState(state));
        }
    }

    [Fact]
    public void A_damaged_a_truncated_and_a_foreign_state_leave_the_device_as_it_was()
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
            Assert.Throws<InvalidDataException>(() => target.Migration.RestoreFrom(new MemoryStream(damaged), cancellation: Token));
            Assert.Throws<InvalidDataException>(() => target.Migration.RestoreFrom(new MemoryStream(saved[..at]), cancellation: Token));
        }

        VfioException foreign = Assert.Throws<VfioException>(() => other.Migration.RestoreFrom(new MemoryStream(saved), cancellation: Token));
        Assert.Contains("type mtty-2", foreign.Message, StringComparison.Ordinal);
        Assert.Equal((MigrationState.Running, MigrationState.Running), (target.Migration.State, other.Migration.State));
        Check(target);
    }

    [Fact]
    public void What_the_kernel_itself_refuses_resets_the_device()
    {
        using KernelMdev first = new("mtty-1");
        using KernelMdev second = new(Dual);
        using VfioDevice source = first.Open();
        using VfioDevice target = second.Open();
        byte[] ofOnePort = Raw(source.Migration);
        DeviceMigration migration = target.Migration;
        foreach (byte[] state in (byte[][])[[], ofOnePort[..(ofOnePort.Length / 2)], [.. ofOnePort.Select(value => (byte)~value)], ofOnePort])
        {
            migration.SetState(MigrationState.Resuming);
            VfioException refusal = Assert.Throws<VfioException>(() =>
            {
                migration.WriteData(state);
                migration.SetState(MigrationState.Stop);
            });
            TestContext.Current.TestOutputHelper?.WriteLine($"{state.Length} bytes: {refusal.Message}; {migration.State}");
            migration.Reset();
            Assert.Equal(MigrationState.Running, migration.State);
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
        Assert.ThrowsAny<OperationCanceledException>(() => source.Migration.SaveTo(new MemoryStream(), Cancelling(saving), saving.Token));
        Assert.Equal(MigrationState.Running, source.Migration.State);
        Check(source);
        using CancellationTokenSource restoring = new();
        Assert.ThrowsAny<OperationCanceledException>(() => target.Migration.RestoreFrom(new MemoryStream(saved), Cancelling(restoring), restoring.Token));
        Assert.Equal(MigrationState.Running, target.Migration.State);
        target.Migration.RestoreFrom(new MemoryStream(saved), new MigrationOptions { EndsIn = MigrationState.Running }, Token);
        Check(target);
    }

    [Theory]
    [InlineData(MigrationState.StopCopy)]
    [InlineData(MigrationState.Resuming)]
    public void A_device_that_is_closed_half_way_is_opened_again_as_its_driver_left_it_and_a_reset_makes_it_new(MigrationState state)
    {
        using KernelMdev mdev = new(Dual);
        VfioDevice device = mdev.Open();
        Fill(device);
        device.Migration.SetState(state);
        if (state == MigrationState.Resuming)
        {
            device.Migration.WriteData([1, 2, 3]);
        }

        device.Dispose();
        using VfioDevice again = mdev.Open();
        TestContext.Current.TestOutputHelper?.WriteLine($"left in {state}, found in {again.Migration.State}");
        again.Migration.Reset();
        Assert.Equal(MigrationState.Running, again.Migration.State);
        Fill(again);
        Check(again);
    }

    [Theory]
    [InlineData(nameof(MigrationVictim.A_save_is_killed))]
    [InlineData(nameof(MigrationVictim.A_restore_is_killed))]
    public void A_program_that_is_killed_half_way_leaves_a_device_that_a_reset_makes_new(string method)
    {
        using KernelMdev mdev = new(Dual);
        using Process victim = MigrationVictim.Start(method, mdev.Id);
        Assert.True(MigrationVictim.IsHalfWay(victim), "it did not come half way");
        victim.Kill();
        victim.WaitForExit();
        using VfioDevice device = mdev.Open();
        TestContext.Current.TestOutputHelper?.WriteLine($"found in {device.Migration.State}");
        device.Migration.Reset();
        Assert.Equal(MigrationState.Running, device.Migration.State);
        Fill(device);
        byte[] saved = Save(device);
        device.Migration.RestoreFrom(new MemoryStream(saved), new MigrationOptions { EndsIn = MigrationState.Running }, Token);
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

        int descriptors = CountDescriptors();
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
                DeviceMigration migration = device.Migration;
                isCounting = true;
                VfioException? failure = Record.Exception(() =>
                {
                    device.Migration.SaveTo(new MemoryStream(), new MigrationOptions { EndsIn = MigrationState.Running }, Token);
                    device.Migration.RestoreFrom(new MemoryStream(saved), cancellation: Token);
                }) as VfioException;
                isCounting = false;
                failed = culprit is not null;
                // An estimate that cannot be had is none.
                Assert.True(failed == (failure is not null) || culprit == "VFIO_DEVICE_FEATURE_MIG_DATA_SIZE", culprit);
                Assert.NotEqual(MigrationState.Error, migration.State);
                named.Add(culprit ?? "");
            }

            Assert.Equal(descriptors, CountDescriptors());
        }

        Assert.Superset(new HashSet<string>(["VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE", "read", "write", "VFIO_DEVICE_GET_REGION_INFO"]), named);
    }

    [Fact]
    public void Devices_without_migration_say_so()
    {
        using KernelMdev mdev = new("mdpy-vga");
        using VfioDevice display = mdev.Open();
        Assert.False(display.CanMigrate || display.CanLogWrites);
        Assert.Throws<NotSupportedException>(() => display.Migration);
        using KernelEdu edu = new(VfioBackend.Automatic);
        using VfioDevice pci = edu.Open();
        Assert.False(pci.CanMigrate || pci.CanLogWrites);
        Assert.Throws<NotSupportedException>(() => pci.StartWriteLog([new(new Iova(0), new Iova(0xfff))]));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static MigrationOptions Cancelling(CancellationTokenSource source) => new() { Progress = new Canceller(source) };

    private static bool Has(DeviceMigration migration, MigrationState state) =>
        (state is not (MigrationState.RunningPeerToPeer or MigrationState.PreCopyPeerToPeer) || (migration.Capabilities & MigrationCapabilities.PeerToPeer) != 0)
        && (state is not (MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer) || (migration.Capabilities & MigrationCapabilities.PreCopy) != 0);

    private static void Report(VfioDevice device) => TestContext.Current.TestOutputHelper?.WriteLine(
        $"{device.MediatedDevice}: {device.Migration.Capabilities}, {device.Migration.State}, {device.Migration.GetExpectedLength()} bytes expected, can reset: {device.CanReset}");

    private static void Fill(VfioDevice device)
    {
        using Region port = device.OpenRegion(RegionIndex.Bar0);
        using Region second = device.OpenRegion(RegionIndex.Bar1);
        Mtty.Receive(port);
        port.WriteByte(Mtty.LineControl, 0x1b);
        port.WriteByte(Mtty.Scratch, 0xc3);
        second.WriteByte(Mtty.Scratch, 0x3c);
        Mtty.Send(port, Sent);
    }

    private static void Check(VfioDevice device)
    {
        using Region port = device.OpenRegion(RegionIndex.Bar0);
        using Region second = device.OpenRegion(RegionIndex.Bar1);
        Assert.Equal((0x1b, 0xc3, 0x3c), (port.ReadByte(Mtty.LineControl), port.ReadByte(Mtty.Scratch), second.ReadByte(Mtty.Scratch)));
        Assert.Equal(Sent, Mtty.Receive(port));
    }

    private static byte[] Save(VfioDevice device, MigrationState end = MigrationState.Stop)
    {
        using MemoryStream file = new();
        device.Migration.SaveTo(file, new MigrationOptions { EndsIn = end }, Token);
        return file.ToArray();
    }

    // What the driver gives, without our format.
    private static byte[] Raw(DeviceMigration migration)
    {
        using MemoryStream state = new();
        byte[] buffer = new byte[64];
        migration.SetState(MigrationState.StopCopy);
        for (int count; (count = migration.ReadData(buffer)) != 0;)
        {
            state.Write(buffer, 0, count);
        }

        migration.SetState(MigrationState.Running);
        return state.ToArray();
    }

    private static int CountDescriptors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
    }

    private sealed class Canceller(CancellationTokenSource source) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) => source.Cancel();
    }
}
