namespace Vfio.Conformance.Tests;

/// <summary>
/// Huge pages with each backend, in the machine, which can reserve some. Without a backend, the case is for the device
/// model in this process.
/// </summary>
[Trait("Backend", "kernel")]
public sealed class HugePageTests(BoundDevices devices) : MachineTests(devices)
{
    private const ulong MiB = 1024 * 1024;
    private const ulong GiB = 1024 * MiB;

    [Theory]
    [InlineData(null, DmaPageSize.Huge2MiB, 2 * MiB)]
    [InlineData(VfioBackend.Iommufd, DmaPageSize.Huge2MiB, 2 * MiB)]
    [InlineData(VfioBackend.Iommufd, DmaPageSize.Huge1GiB, GiB)]
    [InlineData(VfioBackend.Type1v2, DmaPageSize.Huge2MiB, 2 * MiB)]
    [InlineData(VfioBackend.Type1v2, DmaPageSize.Huge1GiB, GiB)]
    [InlineData(VfioBackend.Type1, DmaPageSize.Huge2MiB, 2 * MiB)]
    [InlineData(VfioBackend.CompatibleType1v2, DmaPageSize.Huge2MiB, 2 * MiB)]
    [InlineData(VfioBackend.CompatibleType1, DmaPageSize.Huge2MiB, 2 * MiB)]
    public void A_huge_page_is_mapped_at_its_own_boundary(VfioBackend? backend, DmaPageSize size, ulong length)
    {
        using HugePages pages = new(length);
        using EduBackend edu = backend is VfioBackend of ? new KernelEdu(of, Devices) : new InProcessEdu();
        using VfioDevice device = edu.Open();
        IoAddressSpace space = device.AddressSpace;
        using DmaBuffer buffer = space.Allocate(1, new DmaBufferOptions { PageSize = size });
        Assert.Equal((length, 0ul, 0L), (buffer.Length, buffer.Iova.Value % length, buffer.Address % (long)length));
        buffer.Write((nuint)length - 8, 0x1122334455667788ul);
        Assert.Equal(0ul, buffer.Read<ulong>((nuint)length - 16));
        Assert.Equal(0x1122334455667788ul, buffer.Read<ulong>((nuint)length - 8));
        DmaBufferOptions another = new() { PageSize = size };
        VfioException full = Assert.Throws<VfioException>(() => space.Allocate(1, another));
        Assert.Equal(("mmap", Errno.ENOMEM), (full.Operation, full.Errno));
        Assert.Contains("nr_hugepages", full.Hint, StringComparison.Ordinal);
        buffer.Dispose();
        Assert.Equal(0, space.GetUsage().Mappings);
    }

    [Theory]
    [Trait("Soak", "yes")]
    [InlineData(null)]
    [InlineData(VfioBackend.Type1)]
    [InlineData(VfioBackend.CompatibleType1v2)]
    [InlineData(VfioBackend.CompatibleType1)]
    [InlineData(VfioBackend.Automatic)]
    public void A_page_of_a_gibibyte_is_mapped_on_the_other_backends(VfioBackend? backend) =>
        A_huge_page_is_mapped_at_its_own_boundary(backend, DmaPageSize.Huge1GiB, GiB);
}
