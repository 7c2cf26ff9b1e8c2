using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Makes every system call of open, map and attach fail once, in turn: the error names the call, and nothing is left
/// behind.
/// </summary>
[Trait("Backend", "kernel")]
public sealed class FailingCallsTests(BoundDevices devices) : MachineTests(devices)
{
    private const int MostCalls = 200;

    [Theory]
    [InlineData(
        VfioBackend.Iommufd,
        "open IOMMU_IOAS_ALLOC VFIO_DEVICE_BIND_IOMMUFD VFIO_DEVICE_ATTACH_IOMMUFD_PT IOMMU_IOAS_IOVA_RANGES "
        + "IOMMU_IOAS_MAP")]
    [InlineData(VfioBackend.Type1v2, Type1Calls)]
    [InlineData(VfioBackend.CompatibleType1v2, Type1Calls)]
    public void Each_failing_call_is_named_and_leaves_nothing_open(VfioBackend backend, string expected)
    {
        using KernelEdu edu = new(backend, Devices);
        string journal = File.ReadAllText($"/run/vfio/{edu.Address}.json");
        Use(edu, new SystemCalls());
        string[] descriptors = Descriptors.Read();
        HashSet<string> named = [];
        int n = 0;
        for (bool failed = true; failed; n++)
        {
            Assert.True(n < MostCalls);
            int count = 0;
            string? culprit = null;
            SystemCalls calls = new(call =>
            {
                if (count++ != n)
                {
                    return 0;
                }

                culprit = call;
                return Errno.EIO;
            });
            VfioException? failure = Record.Exception(() => Use(edu, calls)) as VfioException;
            failed = culprit is not null;
            Assert.Equal((culprit, failed ? Errno.EIO : 0), (failure?.Operation, failure?.Errno ?? 0));
            named.Add(culprit ?? "");
            Descriptors.AssertNoMoreThan(descriptors);
            Assert.DoesNotContain(
                File.ReadLines("/proc/self/maps"), line => line.Contains("vfio", StringComparison.Ordinal));
            Assert.Equal(0ul, LockedMemory.Read().Used);
            Assert.Equal(journal, File.ReadAllText($"/run/vfio/{edu.Address}.json"));
        }

        string[] common = ["VFIO_DEVICE_GET_INFO", "VFIO_DEVICE_GET_REGION_INFO", "mmap", "madvise", ""];
        Assert.Superset(expected.Split(' ').Concat(common).ToHashSet(), named);
        Use(edu, new SystemCalls());
    }

    // The same calls as for type1v2, with another number for the IOMMU model of the container.
    [Theory]
    [Trait("Soak", "yes")]
    [InlineData(VfioBackend.Type1)]
    [InlineData(VfioBackend.CompatibleType1)]
    public void Each_that_fails_is_named_on_the_older_model_too(VfioBackend backend) =>
        Each_failing_call_is_named_and_leaves_nothing_open(backend, Type1Calls);

    [Theory]
    [InlineData(VfioBackend.Iommufd)]
    [InlineData(VfioBackend.Type1v2)]
    public void An_unmap_that_fails_leaves_the_buffer_as_it_was(VfioBackend backend)
    {
        using KernelEdu edu = new(backend, Devices);
        bool fails = false;
        SystemCalls calls = new(call => fails && call.Contains("UNMAP", StringComparison.Ordinal) ? Errno.EIO : 0);
        using VfioDevice device = edu.Open(options => options with { Calls = calls });
        DmaBuffer buffer = device.AddressSpace.Allocate(4096);
        buffer.Write(0, 0x12345678u);
        fails = true;
        Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(buffer.Unmap).Errno);
        Assert.Equal((0x12345678u, 1), (buffer.Read<uint>(0), device.AddressSpace.GetUsage().Mappings));
        buffer.Dispose();
        Assert.Equal((true, 1), (buffer.Mapping.IsLive, device.AddressSpace.GetUsage().Mappings));
        Assert.Equal(Errno.EEXIST, Assert.Throws<VfioException>(
            () => device.AddressSpace.Allocate(4096, new DmaBufferOptions { At = buffer.Iova })).Errno);
        fails = false;
        buffer.Unmap();
        Assert.Equal(0, device.AddressSpace.GetUsage().Mappings);
    }

    private const string Type1Calls =
        "open VFIO_GET_API_VERSION VFIO_GROUP_GET_STATUS VFIO_GROUP_SET_CONTAINER VFIO_CHECK_EXTENSION VFIO_SET_IOMMU "
        + "VFIO_GROUP_GET_DEVICE_FD VFIO_IOMMU_GET_INFO VFIO_IOMMU_MAP_DMA";

    private static void Use(KernelEdu edu, SystemCalls calls)
    {
        using VfioDevice device = edu.Open(options => options with { Calls = calls });
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        using DmaBuffer buffer = device.AddressSpace.Allocate(
            8192, new DmaBufferOptions { NumaNode = Directory.Exists("/sys/devices/system/node/node0") ? 0 : null });
        using DmaMapping mapping = device.AddressSpace.Map(buffer.Address, 4096);
        Assert.Equal(0x010000edu, bar0.ReadUInt32(0));
        mapping.Unmap();
        buffer.Unmap();
    }
}
