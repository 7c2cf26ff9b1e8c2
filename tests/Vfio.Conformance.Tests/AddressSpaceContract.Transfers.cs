namespace Vfio.Conformance.Tests;

// What really reaches memory: edu transfers to and from its buffer.
public abstract partial class AddressSpaceContract
{
    // QEMU reports a stopped transfer word by word, and the kernel's driver writes ten lines in five seconds.
    private const int Forbidden = 8;
    private const int Attempts = 3;
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(6);

    [Fact]
    public void A_transfer_goes_through_the_devices_buffer_and_back()
    {
        using Region bar0 = EduDma.Prepare(_device);
        using DmaBuffer source = _space.Allocate(Page, new DmaBufferOptions { Access = DmaAccess.Read });
        using DmaBuffer target = _space.Allocate(Page, new DmaBufferOptions { Access = DmaAccess.Write });
        Random.Shared.NextBytes(source.Span);
        EduDma.ReadMemory(bar0, source.Iova, (int)Page);
        EduDma.WriteMemory(bar0, target.Iova, (int)Page);
        Assert.True(source.Span.SequenceEqual(target.Span));
        Assert.Empty(_device.GetFaults());
    }

    [Fact]
    public void A_transfer_reaches_entries_of_rings_in_parts_of_one_buffer()
    {
        using Region bar0 = EduDma.Prepare(_device);
        using DmaBuffer buffer = _space.Allocate(Page);
        DmaRing<ulong> commands = new(buffer.Part(0, 1024), 0, 128);
        DmaRing<(ulong Low, ulong High)> completions = new(buffer.Part(1024, 1024), 256, 4);
        commands[126] = 0x1122334455667788;
        commands.Post(127, 0x99aabbccddeeff00);
        EduDma.ReadMemory(bar0, commands.IovaOf(126), 16);
        EduDma.WriteMemory(bar0, completions.IovaOf(3), 16);
        Assert.Equal(0x99aabbccddeeff00, completions.Read<ulong>(3, 8));
        Assert.Equal((0x1122334455667788ul, 0x99aabbccddeeff00ul), completions[3]);
        Assert.Equal(default, completions[2]);
        DmaPages pages = buffer.GetPages(1024 + 256 + 48, 16);
        EduDma.WriteMemory(bar0, pages[0].Iova, 8, bufferOffset: 8);
        Assert.Equal((0x99aabbccddeeff00ul, 0x99aabbccddeeff00ul), completions[3]);
    }

    [Fact]
    public void A_transfer_reaches_blocks_of_a_pool_and_copies_of_managed_memory()
    {
        using Region bar0 = EduDma.Prepare(_device);
        using DmaPool pool = _space.AllocatePool(100, 4);
        using DmaBlock block = pool.Rent();
        byte[] sent = [1, 2, 3, 4, 5, 6, 7, 8];
        byte[] received = new byte[8];
        using (DmaBounce bounce = pool.Bounce(sent, DmaAccess.Read))
        {
            EduDma.ReadMemory(bar0, bounce.Iova, sent.Length);
        }

        EduDma.WriteMemory(bar0, block.Iova, sent.Length);
        Assert.True(block.Span.StartsWith(sent));
        using (DmaBounce bounce = _space.Bounce(received, DmaAccess.Write))
        {
            EduDma.WriteMemory(bar0, bounce.Iova, received.Length);
        }

        Assert.Equal(sent, received);
    }

    [Theory]
    [InlineData("unmapped")]
    [InlineData("read-only")]
    [InlineData("just unmapped")]
    public void A_forbidden_write_of_a_device_changes_nothing_and_is_reported(string where)
    {
        using Region bar0 = EduDma.Prepare(_device);
        using DmaBuffer source = _space.Allocate(Page);
        using DmaBuffer before = _space.Allocate(Page, new DmaBufferOptions { At = Fixed });
        using DmaBuffer readOnly = _space.Allocate(
            Page, new DmaBufferOptions { At = Fixed + Page, Access = DmaAccess.Read, Owner = "commands" });
        DmaBuffer gone = _space.Allocate(Page, new DmaBufferOptions { At = Fixed + (2 * Page), Owner = "completions" });
        source.Span.Fill(0xee);
        before.Span.Fill(0x11);
        readOnly.Span.Fill(0x22);
        gone.Span.Fill(0x33);
        EduDma.ReadMemory(bar0, source.Iova, (int)Page);
        // The process reuses the unmapped page immediately, and what the device writes must not appear there.
        gone.Dispose();
        using DmaBuffer other = _space.Allocate(Page, new DmaBufferOptions { At = Fixed + (8 * Page) });
        other.Span.Fill(0x44);
        _device.GetFaults();
        Iova target = where switch
        {
            "unmapped" => Fixed + (16 * Page),
            "read-only" => readOnly.Iova,
            _ => gone.Iova,
        };
        DmaFault fault = Provoke(() => EduDma.WriteMemory(bar0, target, Forbidden));
        AssertFilled(source, 0xee);
        AssertFilled(before, 0x11);
        AssertFilled(readOnly, 0x22);
        AssertFilled(other, 0x44);
        Assert.Equal((_device.Address, target, DmaAccess.Write), (fault.Device, fault.Iova, fault.Access));
        Assert.NotEmpty(fault.Reason);
        TestContext.Current.TestOutputHelper?.WriteLine(fault.ToString());
        string? owner = where switch
        {
            "unmapped" => null,
            "read-only" => "commands",
            _ => "completions",
        };
        Assert.Equal((owner, where == "read-only"), (fault.Mapping?.Owner, fault.Mapping?.IsLive ?? false));
    }

    [Theory]
    [InlineData("write-only")]
    [InlineData("just unmapped")]
    public void A_forbidden_read_of_a_device_reads_nothing(string where)
    {
        Assert.SkipWhen(
            where == "write-only" && _backend.LetsWritersRead is not null,
            $"{_backend.Name}: {_backend.LetsWritersRead}");
        using Region bar0 = EduDma.Prepare(_device);
        using DmaBuffer secret = _space.Allocate(Page, new DmaBufferOptions { Access = DmaAccess.Write });
        using DmaBuffer copy = _space.Allocate(Page);
        secret.Span.Fill(0x5a);
        copy.Span.Fill(0x11);
        EduDma.ReadMemory(bar0, copy.Iova, (int)Page);
        Iova forbidden = secret.Iova;
        if (where == "just unmapped")
        {
            secret.Dispose();
        }

        _device.GetFaults();
        DmaFault fault = Provoke(() => EduDma.ReadMemory(bar0, forbidden, Forbidden));
        Assert.Equal((forbidden, DmaAccess.Read), (fault.Iova, fault.Access));
        EduDma.WriteMemory(bar0, copy.Iova, (int)Page);
        Assert.False(copy.Span.Contains((byte)0x5a));
    }

    [Fact]
    public void Without_bus_mastering_a_device_transfers_nothing()
    {
        using Region bar0 = EduDma.Prepare(_device);
        using DmaBuffer buffer = _space.Allocate(Page);
        buffer.Span.Fill(0x77);
        Assert.True(_device.GetBusMaster());
        _device.SetBusMaster(false);
        Assert.False(_device.GetBusMaster());
        EduDma.WriteMemory(bar0, buffer.Iova, (int)Page);
        AssertFilled(buffer, 0x77);
        Assert.Empty(_device.GetFaults());
    }

    [Fact]
    public void Dirty_pages_are_reported_if_dirty_tracking_is_supported()
    {
        using Region bar0 = EduDma.Prepare(_device);
        using DmaBuffer buffer = _space.Allocate(4 * Page);
        DirtyTracker log;
        try
        {
            log = _space.StartDirtyTracking();
        }
        catch (NotSupportedException)
        {
            // QEMU's IOMMU has no dirty tracking; with type1v2 the kernel reports every pinned page instead.
            Assert.True(
                _backend.Name is "iommufd" or "type1"
                || _backend.Name.StartsWith("compatible", StringComparison.Ordinal),
                _backend.Name);
            return;
        }

        using (log)
        {
            Assert.Throws<InvalidOperationException>(_space.StartDirtyTracking);
            ulong[] bitmap = new ulong[1];
            log.Read(buffer.Mapping, bitmap);
            EduDma.WriteMemory(bar0, buffer.Iova + Page, 100);
            Assert.InRange(log.Read(buffer.Mapping, bitmap), 1, 4);
            Assert.Equal(2ul, bitmap[0] & 2);
            Assert.Throws<ArgumentException>(() => log.Read(buffer.Mapping, []));
        }

        _space.StartDirtyTracking().Dispose();
    }

    [Fact]
    public void Two_devices_reach_the_same_memory_at_the_same_addresses()
    {
        using VfioDevice second = _backend.OpenSecond(_space);
        Assert.Same(_space, second.AddressSpace);
        using Region bar0 = EduDma.Prepare(_device);
        using Region other = EduDma.Prepare(second);
        using DmaBuffer source = _space.Allocate(Page);
        using DmaBuffer target = _space.Allocate(Page);
        Random.Shared.NextBytes(source.Span);
        EduDma.ReadMemory(other, source.Iova, (int)Page);
        EduDma.ReadMemory(bar0, source.Iova, (int)Page);
        second.Dispose();
        // The first continues after the second has left.
        EduDma.WriteMemory(bar0, target.Iova, (int)Page);
        Assert.True(source.Span.SequenceEqual(target.Span));
        using VfioDevice again = _backend.OpenSecond(_space);
        using Region third = EduDma.Prepare(again);
        EduDma.ReadMemory(third, source.Iova, (int)Page);
        target.Span.Clear();
        _device.Dispose();
        Assert.True(target.Mapping.IsLive);
        EduDma.WriteMemory(third, target.Iova, (int)Page);
        Assert.True(source.Span.SequenceEqual(target.Span));
        again.Dispose();
        Assert.False(target.Mapping.IsLive);
        Assert.Equal(2, _space.Leaks.Count);
    }

    // A loop of assertions over each byte takes seconds in the machine.
    private static void AssertFilled(DmaBuffer buffer, byte value) =>
        Assert.Equal(-1, buffer.Span.IndexOfAnyExcept(value));

    // The kernel writes its log a moment after the device has tried. If earlier tests have used up the limit of lines
    // per five seconds, the device tries again.
    private DmaFault Provoke(Action transfer)
    {
        IReadOnlyList<DmaFault> faults = [];
        for (int attempt = 0; attempt < Attempts && faults.Count == 0; attempt++)
        {
            transfer();
            SpinWait.SpinUntil(() => (faults = _device.GetFaults()).Count != 0, LogInterval);
        }

        Assert.True(faults.Count != 0, "no fault was told");
        return faults[0];
    }
}
