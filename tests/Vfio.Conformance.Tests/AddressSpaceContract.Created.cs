using Vfio.Emulation;

namespace Vfio.Conformance.Tests;

// An address space of the program's own, which devices join and leave.
public abstract partial class AddressSpaceContract
{
    [Fact]
    public void A_created_address_space_keeps_its_buffers_from_one_device_to_the_next()
    {
        _device.Dispose();
        using IoAddressSpace space = IoAddressSpace.Create();
        AssertIsEmpty(space);
        byte[] data = new byte[Page];
        Random.Shared.NextBytes(data);
        DmaBuffer source;
        DmaBuffer target;
        using (VfioDevice first = _backend.Open(space))
        {
            using Region bar0 = EduDma.Prepare(first);
            Assert.Equal((Page, false), (space.PageSize, space.Ranges.Count == 0));
            source = space.Allocate(Page, new DmaBufferOptions { Owner = "source" });
            target = space.Allocate(Page);
            data.CopyTo(source.Span);
            Transfer(bar0, source, target);
            Assert.True(target.Span.SequenceEqual(data));
        }

        AssertIsEmpty(space);
        Assert.Equal((true, 2), (source.Mapping.IsLive, space.GetUsage().Mappings));
        Assert.True(source.Span.SequenceEqual(data));
        Iova place = target.Iova;
        target.Unmap();
        Assert.Equal(1, space.GetUsage().Mappings);
        using (VfioDevice next = _backend.Open(space))
        {
            using Region bar0 = EduDma.Prepare(next);
            using DmaBuffer other = space.Allocate(Page, new DmaBufferOptions { At = place });
            Transfer(bar0, source, other);
            Assert.True(other.Span.SequenceEqual(data));
            Assert.Empty(next.GetFaults());
        }

        space.Dispose();
        space.Dispose();
        Assert.Equal("source", Assert.Single(space.Leaks).Owner);
        Assert.False(source.Mapping.IsLive);
        Assert.Throws<ObjectDisposedException>(() => space.Allocate(Page));
        Assert.Throws<ObjectDisposedException>(() => _backend.Open(space));
    }

    [Fact]
    public void A_created_address_space_that_is_disposed_ends_with_its_last_device()
    {
        _device.Dispose();
        IoAddressSpace space = IoAddressSpace.Create();
        VfioDevice device = _backend.Open(space);
        DmaBuffer buffer = space.Allocate(Page);
        space.Dispose();
        Assert.Throws<ObjectDisposedException>(() => space.Allocate(Page));
        buffer.Write(0, 1u);
        Assert.True(buffer.Mapping.IsLive);
        device.Dispose();
        Assert.False(buffer.Mapping.IsLive);
        Assert.Single(space.Leaks);
    }

    [Fact]
    public void A_device_that_needs_another_backend_cannot_join()
    {
        _device.Dispose();
        using IoAddressSpace space = IoAddressSpace.Create();
        using EduModel model = new();
        using (IoAddressSpace models = IoAddressSpace.Create())
        using (model.Open(models))
        {
            if (_backend is KernelEdu)
            {
                Assert.Throws<ArgumentException>(() => _backend.Open(models));
            }
        }

        using VfioDevice device = _backend.Open(space);
        if (_backend is KernelEdu edu)
        {
            Assert.Throws<ArgumentException>(() => model.Open(space));
            Assert.All(
                [
                    VfioBackend.Iommufd,
                    VfioBackend.Type1v2,
                    VfioBackend.Type1,
                    VfioBackend.CompatibleType1v2,
                    VfioBackend.CompatibleType1,
                    VfioBackend.NoIommu,
                ],
                other =>
                {
                    if (KernelEdu.NameOf(other) != _backend.Name)
                    {
                        Assert.ThrowsAny<Exception>(
                            () => edu.Open(options => options with { Backend = other, AddressSpace = space }));
                    }
                });
        }

        using DmaBuffer buffer = space.Allocate(Page);
        Assert.Equal(1, space.GetUsage().Mappings);
    }

    private static void AssertIsEmpty(IoAddressSpace space)
    {
        Assert.Throws<InvalidOperationException>(() => space.Allocate(Page));
        Assert.Throws<InvalidOperationException>(() => space.Map((nint)0x10000, Page));
        Assert.Throws<InvalidOperationException>(space.StartDirtyTracking);
    }

    private static void Transfer(Region bar0, DmaBuffer source, DmaBuffer target)
    {
        EduDma.ReadMemory(bar0, source.Iova, (int)Page);
        EduDma.WriteMemory(bar0, target.Iova, (int)Page);
    }
}
