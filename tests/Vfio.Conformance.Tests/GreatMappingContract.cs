namespace Vfio.Conformance.Tests;

/// <summary>
/// Mappings for which the kernel takes seconds. They are a separate contract, because not every backend has to repeat
/// them.
/// </summary>
public abstract class GreatMappingContract : IDisposable
{
    private const ulong Page = 4096;
    private const ulong GiB = 1024 * 1024 * 1024;

    private readonly EduBackend _backend;
    private readonly VfioDevice _device;
    private readonly IoAddressSpace _space;

    protected GreatMappingContract(EduBackend backend)
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
    public void A_gibibyte_is_mapped_and_unmapped()
    {
        using DmaBuffer buffer = _space.Allocate(GiB);
        Assert.Equal(GiB, buffer.Length);
        Assert.Equal(0, buffer.Slice((nuint)GiB - 1, 1)[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => { buffer.Slice((nuint)GiB - 1, 2); });
    }

    [Fact]
    public void A_page_can_be_mapped_many_times_until_the_entries_are_used_up()
    {
        using DmaBuffer buffer = _space.Allocate(Page);
        uint? left = _space.GetUsage().EntriesLeft;
        const int Many = 60_000;
        for (int i = 0; i < Many; i++)
        {
            _space.Map(buffer.Address, Page, DmaAccess.Read);
        }

        DmaUsage usage = _space.GetUsage();
        Assert.Equal((Many + 1, (Many + 1) * Page), (usage.Mappings, usage.Bytes));
        if (left is uint before)
        {
            Assert.Equal(before - Many, usage.EntriesLeft);
            for (uint i = 0; i < before - Many; i++)
            {
                _space.Map(buffer.Address, Page, DmaAccess.Read);
            }

            VfioException full = Assert.Throws<VfioException>(() => _space.Map(buffer.Address, Page, DmaAccess.Read));
            Assert.Equal((Errno.ENOSPC, 0u), (full.Errno, _space.GetUsage().EntriesLeft));
            Assert.Contains("dma_entry_limit", full.Hint, StringComparison.Ordinal);
        }

        int mapped = _space.GetUsage().Mappings;
        _device.Dispose();
        Assert.Equal(mapped, _space.Leaks.Count);
        Assert.Empty(_space.GetMappings());
    }
}
