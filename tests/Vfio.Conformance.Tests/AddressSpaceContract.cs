using Microsoft.Win32.SafeHandles;

namespace Vfio.Conformance.Tests;

/// <summary>
/// The behaviour of every backend: what can be mapped, where, how mappings end, and which errors occur.
/// </summary>
public abstract partial class AddressSpaceContract : IDisposable
{
    private const ulong KiB = 1024;
    private const ulong MiB = 1024 * KiB;
    private const ulong Page = 4 * KiB;
    private static readonly Iova Fixed = new(0x1000000);

    private readonly EduBackend _backend;
    private readonly VfioDevice _device;
    private readonly IoAddressSpace _space;

    protected AddressSpaceContract(EduBackend backend)
    {
        _backend = backend;
        _device = backend.Open();
        _space = _device.AddressSpace;
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Usable_addresses_are_sorted_disjoint_whole_pages_without_the_interrupt_window()
    {
        Assert.NotEmpty(_space.Ranges);
        Assert.Equal(Page, _space.PageSize);
        ulong? before = null;
        foreach (IovaRange range in _space.Ranges)
        {
            Assert.True(range.First <= range.Last && (before is null || range.First.Value > before), $"{range}");
            Assert.Equal((0ul, Page - 1), (range.First.Value % Page, range.Last.Value % Page));
            Assert.False(
                range.First.Value <= 0xfee00000 && range.Last.Value >= 0xfee00000,
                $"{range} has x86's interrupt window in it");
            before = range.Last.Value;
        }
    }

    [Theory]
    [InlineData(1, 4 * KiB)]
    [InlineData(4 * KiB, 4 * KiB)]
    [InlineData(4 * KiB + 1, 8 * KiB)]
    [InlineData(2 * MiB, 2 * MiB)]
    public void Memory_is_allocated_zeroed_in_whole_pages(ulong length, ulong mapped)
    {
        using DmaBuffer buffer = _space.Allocate(length);
        Assert.Equal((mapped, 0ul, 0L), (buffer.Length, buffer.Iova.Value % Page, buffer.Address % (long)Page));
        Assert.False(buffer.Span.ContainsAnyExcept((byte)0));
        Assert.Contains(
            _space.Ranges,
            range => range.First <= buffer.Iova && buffer.Iova.Value + (buffer.Length - 1) <= range.Last.Value);
        buffer.Write(8, 0x1122334455667788ul);
        Assert.Equal((0x88, 0x55667788u), (buffer.Read<byte>(8), buffer.Read<uint>(8)));
        Assert.Equal(0x7788, buffer.Read<ushort>(8));
    }

    [Fact]
    public void Addresses_stay_below_what_the_device_can_reach()
    {
        Assert.Equal(64, _space.AddressWidth);
        using DmaBuffer low = _space.Allocate(Page, new DmaBufferOptions { AddressWidth = 20 });
        Assert.True(low.Iova.Value < 1 << 20);
        _space.LimitAddressWidth(24);
        _space.LimitAddressWidth(40);
        Assert.Equal(24, _space.AddressWidth);
        using DmaBuffer first = _space.Allocate(8 * MiB);
        Assert.True(first.Iova.Value + first.Length <= 1ul << 24);
        VfioException full = Assert.Throws<VfioException>(() => _space.Allocate(16 * MiB));
        Assert.Equal(Errno.ENOSPC, full.Errno);
        Assert.Contains("24 bits", full.Hint, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(
            () => _space.Allocate(Page, new DmaBufferOptions { At = new Iova(1ul << 24) })).Errno);
        Assert.Throws<ArgumentOutOfRangeException>(() => _space.LimitAddressWidth(11));
        Assert.Throws<ArgumentOutOfRangeException>(() => _space.LimitAddressWidth(65));
    }

    [Fact]
    public void A_fixed_address_is_kept_and_may_be_the_last_of_all()
    {
        Iova last = new(_space.Ranges[^1].Last.Value - (Page - 1));
        using DmaBuffer middle = _space.Allocate(Page, new DmaBufferOptions { At = Fixed });
        using DmaBuffer end = _space.Allocate(Page, new DmaBufferOptions { At = last });
        Assert.Equal((Fixed, last), (middle.Iova, end.Iova));
        Assert.ThrowsAny<Exception>(() => _space.Allocate(2 * Page, new DmaBufferOptions { At = last }));
        Assert.Throws<ArgumentException>(
            () => _space.Allocate(2 * Page, new DmaBufferOptions { At = new Iova(ulong.MaxValue - (Page - 1)) }));
    }

    [Fact]
    public void A_place_outside_the_usable_addresses_is_refused_with_them()
    {
        VfioException refusal = Assert.Throws<VfioException>(
            () => _space.Allocate(Page, new DmaBufferOptions { At = new Iova(0xfee00000) }));
        Assert.Equal(("map", Errno.EINVAL), (refusal.Operation, refusal.Errno));
        Assert.Contains("0xfedfffff", refusal.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x1000000, 4 * KiB)]
    [InlineData(0x0fff000, 8 * KiB)]
    [InlineData(0x1001000, 4 * KiB)]
    [InlineData(0x0f00000, 2 * MiB)]
    public void An_address_that_is_in_use_is_refused_with_its_owner(ulong iova, ulong length)
    {
        using DmaBuffer there = _space.Allocate(2 * Page, new DmaBufferOptions { At = Fixed, Owner = "the ring" });
        VfioException refusal = Assert.Throws<VfioException>(
            () => _space.Allocate(length, new DmaBufferOptions { At = new Iova(iova) }));
        Assert.Equal(Errno.EEXIST, refusal.Errno);
        Assert.Contains("the ring", refusal.Hint, StringComparison.Ordinal);
        using DmaBuffer beside = _space.Allocate(Page, new DmaBufferOptions { At = Fixed + (2 * Page) });
    }

    [Fact]
    public void What_is_not_whole_pages_is_refused()
    {
        using DmaBuffer buffer = _space.Allocate(2 * Page);
        Assert.Throws<ArgumentOutOfRangeException>(() => _space.Allocate(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _space.Allocate(ulong.MaxValue));
        Assert.Throws<ArgumentException>(
            () => _space.Allocate(Page, new DmaBufferOptions { At = new Iova(0x1000001) }));
        Assert.Throws<ArgumentException>(() => _space.Allocate(Page, new DmaBufferOptions { Access = DmaAccess.None }));
        Assert.Throws<ArgumentException>(() => _space.Allocate(Page, new DmaBufferOptions { Access = (DmaAccess)4 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _space.Map(buffer.Address, 0));
        Assert.Throws<ArgumentException>(() => _space.Map(buffer.Address, Page + 1));
        Assert.Throws<ArgumentException>(() => _space.Map(buffer.Address + 1, Page));
        Assert.Throws<ArgumentException>(() => _space.Map(buffer.Address, Page, at: new Iova(0x800)));
        Assert.Equal(1, _space.GetUsage().Mappings);
    }

    [Fact]
    public void Memory_that_does_not_exist_is_refused()
    {
        Assert.Equal(Errno.EFAULT, Assert.Throws<VfioException>(() => _space.Map(0, Page)).Errno);
        Assert.Equal(Errno.EFAULT, Assert.Throws<VfioException>(() => _space.Map(-0x1000, 2 * Page)).Errno);
        // below mmap_min_addr
        Assert.Equal(Errno.EFAULT, Assert.Throws<VfioException>(() => _space.Map(0x10000, Page)).Errno);
        Assert.Equal(0, _space.GetUsage().Mappings);
    }

    [Fact]
    public void A_mapping_is_unmapped_once_and_its_addresses_are_free_again()
    {
        using DmaBuffer buffer = _space.Allocate(4 * Page, new DmaBufferOptions { Owner = "the queue" });
        buffer.Unmap();
        buffer.Unmap();
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Read<uint>(0));
        Assert.Equal((false, 0), (buffer.Mapping.IsLive, _space.GetUsage().Mappings));
        using DmaBuffer again = _space.Allocate(4 * Page, new DmaBufferOptions { At = buffer.Iova });
        Assert.Equal(buffer.Iova, again.Iova);
    }

    [Fact]
    public void Many_mappings_end_with_the_device()
    {
        List<DmaBuffer> buffers = [.. Enumerable.Range(0, 20).Select(_ => _space.Allocate(Page))];
        buffers.Add(
            _space.Allocate(Page, new DmaBufferOptions { At = new Iova(_space.Ranges[^1].Last.Value - (Page - 1)) }));
        Assert.Equal((21, 21), (_space.GetUsage().Mappings, _space.GetUsage().PeakMappings));
        _device.Dispose();
        Assert.Equal(21, _space.Leaks.Count);
        Assert.All(buffers, buffer => Assert.Throws<ObjectDisposedException>(() => { buffer.Slice(0, 1); }));
        Assert.All(buffers, buffer => buffer.Dispose());
    }

    [Fact]
    public void A_file_in_memory_is_mapped_with_its_content()
    {
        using SafeFileHandle file = Libc.MemfdCreate("vfio-test", Libc.MFD_CLOEXEC);
        RandomAccess.SetLength(file, (long)(4 * Page));
        RandomAccess.Write(file, "from the file"u8, (long)Page);
        using DmaBuffer buffer = _space.Map(file, Page, 2 * Page);
        Assert.True(buffer.Span.StartsWith("from the file"u8));
        buffer.Write(0, (byte)'F');
        byte[] back = new byte[1];
        RandomAccess.Read(file, back, (long)Page);
        Assert.Equal((byte)'F', back[0]);
        Assert.Throws<ArgumentException>(() => _space.Map(file, 1, Page));
    }

    [Fact]
    public void Disposal_of_the_device_unmaps_everything_and_reports_leaks()
    {
        DmaBuffer forgotten = _space.Allocate(2 * Page, new DmaBufferOptions { Owner = "forgotten" });
        DmaBuffer kept = _space.Allocate(Page);
        kept.Dispose();
        Assert.Empty(_space.Leaks);
        _device.Dispose();
        DmaMappingInfo leak = Assert.Single(_space.Leaks);
        Assert.Equal(("forgotten", 2 * Page, forgotten.Iova), (leak.Owner, leak.Length, leak.Iova));
        Assert.Throws<ObjectDisposedException>(() => forgotten.Read<byte>(0));
        Assert.Throws<ObjectDisposedException>(() => { _ = forgotten.Address; });
        Assert.Throws<ObjectDisposedException>(() => _space.Allocate(Page));
        Assert.Throws<ObjectDisposedException>(_space.GetUsage);
        forgotten.Dispose();
        forgotten.Dispose();
    }

    [Fact]
    public void The_ledger_has_owner_size_age_and_former_mappings()
    {
        using DmaBuffer first = _space.Allocate(Page, new DmaBufferOptions { At = Fixed, Owner = "first" });
        DmaBuffer second = _space.Allocate(
            2 * Page, new DmaBufferOptions { At = Fixed + Page, Access = DmaAccess.Write });
        IReadOnlyList<DmaMappingInfo> all = _space.GetMappings();
        Assert.Equal([Fixed, Fixed + Page], all.Select(mapping => mapping.Iova));
        Assert.Equal(
            ("first", Page, DmaAccess.ReadWrite, true), (all[0].Owner, all[0].Length, all[0].Access, all[0].IsLive));
        Assert.Matches(@"^AddressSpaceContract\.cs:\d+$", all[1].Owner);
        Assert.InRange(all[0].Age, all[1].Age, TimeSpan.FromMinutes(5));
        second.Dispose();
        DmaMappingInfo? past = _space.Find(Fixed + (Page + 5));
        Assert.Equal((DmaAccess.Write, false), (past!.Access, past.IsLive));
        Assert.True(_space.Find(Fixed + 5)!.IsLive);
        Assert.Null(_space.Find(Fixed + (64 * Page)));
        DmaUsage usage = _space.GetUsage();
        Assert.Equal((1, Page, 2, 3 * Page), (usage.Mappings, usage.Bytes, usage.PeakMappings, usage.PeakBytes));
    }

    [Fact]
    public void Threads_may_map_and_unmap_at_once()
    {
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 50; i++)
            {
                using DmaBuffer buffer = _space.Allocate(Page * (ulong)(1 + (i % 3)));
                buffer.Write(0, (ulong)i);
                Assert.Equal((ulong)i, buffer.Read<ulong>(0));
            }
        });
        Assert.Equal((0, 0ul), (_space.GetUsage().Mappings, _space.GetUsage().Bytes));
    }
}
