using Vfio.Pci;

namespace Vfio.Tests.Dma;

/// <summary>How mappings end, and what becomes of them if the backend refuses or forgets.</summary>
public sealed class AddressSpaceEndsTests : IDisposable
{
    private const ulong Page = 4096;
    private static readonly Iova Place = new(0x100000);

    private readonly List<string> _log = [];
    private readonly FakeAddressSpace _backend;

    public AddressSpaceEndsTests() => _backend = new FakeAddressSpace(_log);

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void If_the_kernel_refuses_to_unmap_the_memory_stays_until_it_agrees()
    {
        using IoAddressSpace space = Create();
        VfioDevice device = Join(space);
        DmaBuffer buffer = space.Allocate(Page, new DmaBufferOptions { At = Place });
        _backend.Unmapping = Refuse;
        Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(buffer.Unmap).Errno);
        buffer.Write(0, 7u); // a refused Unmap changes nothing
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Read<uint>(0));
        Assert.Equal((true, 1), (buffer.Mapping.IsLive, space.GetUsage().Mappings));
        Assert.Equal(
            Errno.EEXIST,
            Assert.Throws<VfioException>(() => space.Allocate(Page, new DmaBufferOptions { At = Place })).Errno);
        _backend.Unmapping = null;
        buffer.Unmap();
        buffer.Unmap();
        Assert.Equal((false, 0), (buffer.Mapping.IsLive, space.GetUsage().Mappings));
        device.Dispose();
    }

    [Fact]
    public void A_pool_whose_unmapping_is_refused_rents_no_more_blocks_after_disposal()
    {
        using IoAddressSpace space = Create();
        using VfioDevice device = Join(space);
        DmaPool pool = space.AllocatePool(64, 2);
        _backend.Unmapping = Refuse;
        Assert.Throws<VfioException>(pool.Unmap);
        pool.Rent().Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Rent());
        Assert.Equal(1, space.GetUsage().Mappings);
    }

    [Fact]
    public void What_the_kernel_refused_to_unmap_is_reported_as_a_leak()
    {
        IoAddressSpace space = new(_backend, new SystemCalls());
        VfioDevice device = Join(space);
        DmaBuffer buffer = space.Allocate(Page, new DmaBufferOptions { Owner = "stubborn" });
        _backend.Unmapping = Refuse;
        buffer.Dispose();
        device.Dispose();
        device.Dispose();
        Assert.Equal("stubborn", Assert.Single(space.Leaks).Owner);
        Assert.False(buffer.Mapping.IsLive);
    }

    [Fact]
    public void A_returned_block_that_another_caller_rented_is_not_returned_again()
    {
        using IoAddressSpace space = Create();
        using VfioDevice device = Join(space);
        using DmaPool pool = space.AllocatePool(64, 1);
        DmaBlock first = pool.Rent();
        first.Return();
        DmaBlock second = pool.Rent();
        first.Dispose();
        Assert.Throws<InvalidOperationException>(first.Return);
        Assert.False(pool.TryRent(out _));
        second.Return();
        default(DmaBlock).Dispose();
        Assert.Throws<InvalidOperationException>(() => default(DmaBlock).Return());
    }

    [Fact]
    public void A_copy_may_be_disposed_twice_and_after_its_pool()
    {
        using IoAddressSpace space = Create();
        using VfioDevice device = Join(space);
        DmaPool pool = space.AllocatePool(64, 1);
        byte[] data = [1, 2, 3];
        DmaBounce bounce = pool.Bounce(data, DmaAccess.ReadWrite);
        bounce.Dispose();
        bounce.Dispose();
        DmaBounce late = pool.Bounce(data, DmaAccess.ReadWrite);
        pool.Dispose();
        late.Dispose();
        DmaBounce own = space.Bounce(data, DmaAccess.ReadWrite);
        own.Return();
        own.Dispose();
        Assert.Equal([1, 2, 3], data);
    }

    [Fact]
    public void Mappings_that_the_backend_dropped_are_mapped_again_at_their_addresses()
    {
        using IoAddressSpace space = Create();
        DmaBuffer buffer;
        using (Join(space))
        {
            buffer = space.Allocate(Page, new DmaBufferOptions { At = Place });
            buffer.Write(0, 42u);
        }

        _backend.Drops++;
        _log.Clear();
        using (Join(space))
        {
            Assert.Contains("map 0x100000", _log);
            Assert.Equal(42u, buffer.Read<uint>(0));
            buffer.Unmap();
            Assert.Contains("unmap 0x100000", _log);
        }
    }

    [Fact]
    public void What_the_backend_dropped_is_unmapped_without_it()
    {
        using IoAddressSpace space = Create();
        DmaBuffer buffer;
        using (Join(space))
        {
            buffer = space.Allocate(Page);
        }

        _backend.Drops++;
        _backend.Unmapping = Refuse;
        buffer.Unmap();
        Assert.Empty(space.GetMappings());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_mapping_that_does_not_fit_any_more_fails_the_open_and_nothing_is_lost(bool isRefused)
    {
        using IoAddressSpace space = Create();
        DmaBuffer low;
        DmaBuffer high;
        using (Join(space))
        {
            low = space.Allocate(Page, new DmaBufferOptions { At = Place });
            high = space.Allocate(Page, new DmaBufferOptions { At = new Iova(0x8000_0000), Owner = "the ring" });
        }

        _backend.Drops++;
        _backend.Last = isRefused ? 0xffff_ffff : 0x7fff_ffff;
        _backend.Mapping = iova => _ = isRefused && iova == high.Iova.Value
            ? throw new VfioException("map", "it", Errno.EINVAL)
            : 0;
        VfioException failure = Assert.Throws<VfioException>(() => Join(space));
        Assert.Contains("0x80000000", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the ring", failure.Message, StringComparison.Ordinal);
        Assert.Equal((2, true, true), (space.GetMappings().Count, low.Mapping.IsLive, high.Mapping.IsLive));
        Assert.Equal("unmap 0x100000", _log[^1]);
        high.Unmap();
        _backend.Mapping = null;
        using VfioDevice device = Join(space);
        low.Write(0, 1u);
        Assert.Equal(1, space.GetUsage().Mappings);
    }

    [Fact]
    public void A_first_device_that_does_not_open_leaves_the_backend_to_the_next()
    {
        using IoAddressSpace space = IoAddressSpace.Create();
        space.Adopt(_backend);
        space.Reserve();
        space.Leave(wasAdmitted: false, closeDevice: null);
        Assert.Null(space.Backend);
        Assert.Equal(["close"], _log);
        Assert.Throws<InvalidOperationException>(() => space.Allocate(Page));
    }

    private static void Refuse() => throw new VfioException("unmap", "it", Errno.EIO);

    private static VfioDevice Join(IoAddressSpace space)
    {
        MemoryBackend device = new();
        device.AddUnmappable(RegionIndex.Config, 256);
        return VfioDevice.Join(device, default, "fake", space);
    }

    private IoAddressSpace Create()
    {
        IoAddressSpace space = IoAddressSpace.Create();
        space.Adopt(_backend);
        return space;
    }
}
