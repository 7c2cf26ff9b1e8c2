using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>A mapped device that does not answer: truncated files send the same SIGBUS as vfio-pci.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class MemoryGuardTests : IDisposable
{
    private const ulong Length = 5 * MemoryGuard.Piece + 0x3000;
    private readonly MemoryBackend _backend = new() { IsGuarded = true };

    public MemoryGuardTests() => _backend.Add(RegionIndex.Bar0, Length);

    public void Dispose() => _backend.Dispose();

    [Theory]
    [InlineData(false, false, false, true)] // trapped, so that no access can end the process
    [InlineData(false, true, true, false)]
    [InlineData(true, true, true, true)]
    public void Without_the_guard_a_region_is_mapped_only_if_the_open_allows_it(
        bool isSupported, bool allowUnguarded, bool isMapped, bool isGuarded)
    {
        RegionGuard guard = new() { AllowUnguarded = allowUnguarded };
        using VfioDevice device =
            new(_backend, default) { Guard = isSupported ? guard : guard with { TryTake = _ => null } };
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        Assert.Equal((isMapped, isGuarded), (region.IsMapped, region.IsGuarded));
        region.WriteUInt32(0x10, 0x12345678);
        Assert.Equal(0x12345678u, region.ReadUInt32(0x10));
    }

    [Fact]
    public void Reads_of_a_device_that_does_not_answer_return_all_ones_in_every_width()
    {
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        Assert.True(region.IsMapped);
        Assert.Equal(DeviceState.Available, device.GetState());
        _backend.TakeAway();
        Assert.Equal(byte.MaxValue, region.ReadByte(3));
        Assert.Equal(ushort.MaxValue, region.ReadUInt16(Length - 2));
        Assert.Equal(uint.MaxValue, region.ReadUInt32(MemoryGuard.Piece - 4));
        Assert.Equal(ulong.MaxValue, region.ReadUInt64(2 * MemoryGuard.Piece));
        Assert.Equal(DeviceState.Unavailable, device.GetState());
    }

    [Fact]
    public void Writes_to_a_device_that_does_not_answer_are_read_back_and_never_reach_it()
    {
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        _backend.TakeAway();
        region.WriteUInt32(0x10, 5);
        Assert.Equal((5u, uint.MaxValue), (region.ReadUInt32(0x10), region.ReadUInt32(0x14)));
        Assert.Equal(DeviceState.Unavailable, device.GetState());
        _backend.GiveBack();
        device.Recover();
        Assert.Equal(DeviceState.Available, device.GetState());
        Assert.Equal(0u, region.ReadUInt32(0x10));
        Assert.Equal(0u, region.ReadUInt32(0x14));
    }

    [Fact]
    public void Without_Recover_what_was_covered_stays_covered_and_the_rest_is_the_device()
    {
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        _backend.TakeAway();
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0));
        _backend.GiveBack();
        _backend.Poke(RegionIndex.Bar0, MemoryGuard.Piece, [0x11]);
        Assert.Equal(uint.MaxValue, region.ReadUInt32(MemoryGuard.Piece - 4));
        Assert.Equal(0x11u, region.ReadUInt32(MemoryGuard.Piece));
        Assert.Equal(DeviceState.Unavailable, device.GetState());
    }

    [Fact]
    public void Writes_of_one_mapping_to_a_covered_area_are_not_visible_in_others()
    {
        using VfioDevice device = new(_backend, default);
        using Region first = device.OpenRegion(RegionIndex.Bar0);
        using Region second = device.OpenRegion(RegionIndex.Bar0);
        _backend.TakeAway();
        first.WriteUInt32(0, 5);
        Assert.Equal(uint.MaxValue, second.ReadUInt32(0));
        Assert.Equal(uint.MaxValue, first.ReadUInt32(MemoryGuard.Piece));
    }

    [Fact]
    public void After_Recover_the_device_may_stop_answering_again()
    {
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        AwaitNoPieces();
        for (int round = 0; round < 50; round++)
        {
            _backend.TakeAway();
            Assert.Equal(uint.MaxValue, region.ReadUInt32(0));
            Assert.Equal(ulong.MaxValue, region.ReadUInt64(Length - 8));
            Assert.Equal(2, MemoryGuard.Pieces);
            _backend.GiveBack();
            _backend.Poke(RegionIndex.Bar0, 0, [(byte)round]);
            device.Recover();
            Assert.Equal((uint)round, region.ReadUInt32(0));
            Assert.Equal(DeviceState.Available, device.GetState());
        }

        Assert.Equal(0, MemoryGuard.Pieces);
    }

    [Fact]
    public void Recover_while_the_device_does_not_answer_leaves_it_unavailable()
    {
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        device.Recover();
        _backend.TakeAway();
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0));
        device.Recover();
        // There is no configuration space to read here, so the state is unknown until the next access.
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0));
        Assert.Equal(DeviceState.Unavailable, device.GetState());
    }

    [Fact]
    public void A_reset_recovers()
    {
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        _backend.TakeAway();
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0));
        _backend.GiveBack();
        device.Reset();
        Assert.Equal(0u, region.ReadUInt32(0));
        Assert.Equal(DeviceState.Available, device.GetState());
    }

    [Fact]
    public void A_region_disposed_while_covered_counts_no_more()
    {
        using VfioDevice device = new(_backend, default);
        Region region = device.OpenRegion(RegionIndex.Bar0);
        _backend.TakeAway();
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0));
        region.Dispose();
        Assert.Equal(DeviceState.Available, device.GetState());
        Assert.Throws<ObjectDisposedException>(() => region.ReadUInt32(0));
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.GetState());
        Assert.Throws<ObjectDisposedException>(device.Recover);
    }

    [Fact]
    public void Every_window_of_a_sparse_region_is_guarded()
    {
        _backend.Add(
            RegionIndex.Bar2, 0x4000, areas: [new MappableArea(0x1000, 0x1000), new MappableArea(0x3000, 0x1000)]);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar2);
        _backend.TakeAway();
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0x1000));
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0x3ffc));
        _backend.GiveBack();
        device.Recover();
        Assert.Equal(0u, region.ReadUInt32(0x1000) | region.ReadUInt32(0x3ffc));
    }

    [Fact]
    public void A_checked_region_throws_if_the_device_did_not_answer()
    {
        using VfioDevice device = new(_backend, default, "the device");
        using Region region = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Checked);
        Assert.True(region.IsMapped);
        region.WriteUInt32(0x10, uint.MaxValue);
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0x10));
        _backend.TakeAway();
        VfioException read = Assert.Throws<VfioException>(() => region.ReadByte(0x12));
        Assert.Equal(("read", "BAR0+0x12 of the device"), (read.Operation, read.Subject));
        Assert.Contains("Recover", read.Hint, StringComparison.Ordinal);
        VfioException write = Assert.Throws<VfioException>(() => region.WriteUInt64(8, 0));
        Assert.Equal(("write", "BAR0+0x8 of the device"), (write.Operation, write.Subject));
        _backend.GiveBack();
        Assert.Throws<VfioException>(() => region.ReadUInt32(0x14));
        device.Recover();
        Assert.Equal(0u, region.ReadUInt32(0x14));
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.ReadUInt32(0x14));
    }

    [Fact]
    public void A_device_whose_configuration_space_is_ones_is_lost()
    {
        _backend.AddUnmappable(RegionIndex.Config, 0x1000);
        _backend.Poke(RegionIndex.Config, 8, [1, 0, 0, 2]);
        using VfioDevice device = new(_backend, default, "the device");
        using Region region = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Checked);
        region.WriteUInt32(0, uint.MaxValue);
        Assert.Equal((uint.MaxValue, DeviceState.Available), (region.ReadUInt32(0), device.GetState()));
        _backend.Poke(RegionIndex.Config, 8, [0xff, 0xff, 0xff, 0xff]);
        Assert.Equal(DeviceState.Lost, device.GetState());
        Assert.Contains(
            "removed", Assert.Throws<VfioException>(() => region.ReadUInt32(0)).Message, StringComparison.Ordinal);
        Assert.Equal(0u, region.ReadUInt32(4));
        Assert.Contains("removed", Assert.Throws<VfioException>(device.Recover).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x0000, 0, "decoding")]
    [InlineData(0x0002, 3, "suspended")]
    [InlineData(0x0002, 0, null)]
    public void Recover_says_why_the_device_does_not_answer(int command, int powerState, string? reason)
    {
        _backend.AddUnmappable(RegionIndex.Config, 0x1000);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        _backend.TakeAway();
        Assert.Equal(uint.MaxValue, region.ReadUInt32(0));
        _backend.GiveBack();
        // Capabilities: an unknown one at 0x40, then power management at 0x50, then a loop.
        byte[] header = [0, 0, 0, 0, (byte)command, 0, 0x10, 0, 1, 0, 0, 2];
        _backend.Poke(RegionIndex.Config, 0, header);
        _backend.Poke(RegionIndex.Config, 0x34, [0x40]);
        _backend.Poke(RegionIndex.Config, 0x40, [9, 0x50]);
        _backend.Poke(RegionIndex.Config, 0x50, [1, 0x40, 0, 0, (byte)powerState]);
        if (reason is null)
        {
            device.Recover();
            Assert.Equal(DeviceState.Available, device.GetState());
        }
        else
        {
            Assert.Contains(reason, Assert.Throws<VfioException>(device.Recover).Message, StringComparison.Ordinal);
            device.Reset();
            Assert.Equal(DeviceState.Unavailable, device.GetState());
        }
    }

    [Fact]
    public void When_the_table_is_full_a_region_goes_through_the_descriptor()
    {
        _backend.Add(RegionIndex.Bar2, 0x1000);
        using VfioDevice device = new(_backend, default);
        List<Region> mapped = [];
        while (mapped.Count <= MemoryGuard.Slots && (mapped.Count == 0 || mapped[^1].IsMapped))
        {
            mapped.Add(device.OpenRegion(RegionIndex.Bar2));
        }

        Region last = mapped[^1];
        Assert.False(last.IsMapped);
        Assert.InRange(mapped.Count, 1, MemoryGuard.Slots + 1);
        last.WriteUInt32(4, 0x1234);
        Assert.Equal(0x1234u, mapped[0].ReadUInt32(4));
        Assert.Equal(0x1234u, last.ReadUInt32(4));
        Assert.Contains("write Bar2+4 4", _backend.Log);

        // The oldest and the newest are guarded.
        _backend.TakeAway();
        Assert.Equal(uint.MaxValue, mapped[0].ReadUInt32(0));
        Assert.Equal(uint.MaxValue, mapped[^2].ReadUInt32(0));
        _backend.GiveBack();
        device.Recover();
        mapped.ForEach(region => region.Dispose());
        mapped.Clear();
        last = null!;
        for (int round = 0; round < 10; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using Region again = device.OpenRegion(RegionIndex.Bar2);
        Assert.True(again.IsMapped, "slots of regions without references are free again");
    }

    [Fact]
    public void Beyond_the_budget_zeroes_cover_the_whole_and_the_count_comes_back()
    {
        const int TooMany = MemoryGuard.MostPieces + 1;
        _backend.Add(RegionIndex.Bar4, TooMany * (ulong)MemoryGuard.Piece);
        using VfioDevice device = new(_backend, default);
        using Region region = device.OpenRegion(RegionIndex.Bar4);
        AwaitNoPieces();
        _backend.TakeAway();
        uint[] values = [.. Enumerable.Range(0, TooMany).Select(i => region.ReadUInt32((ulong)i * MemoryGuard.Piece))];
        Assert.All(values[..MemoryGuard.MostPieces], value => Assert.Equal(uint.MaxValue, value));
        Assert.All(values[MemoryGuard.MostPieces..], value => Assert.Equal(0u, value));
        Assert.Equal(0u, region.ReadUInt32(0));
        Assert.Equal(DeviceState.Unavailable, device.GetState());
        Assert.InRange(File.ReadLines("/proc/self/maps").Count(), 1, 10_000);
        _backend.GiveBack();
        device.Recover();
        Assert.Equal(0, MemoryGuard.Pieces);
        _backend.Poke(RegionIndex.Bar4, 0, [7]);
        Assert.Equal(7u, region.ReadUInt32(0));
    }

    // The mappings of the whole process are counted. Those of earlier tests count until a finalizer has run, which may
    // be at any moment.
    private static void AwaitNoPieces() => Eventually.Holds(
        () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return MemoryGuard.Pieces == 0;
        },
        "the mappings of earlier tests are released");
}
