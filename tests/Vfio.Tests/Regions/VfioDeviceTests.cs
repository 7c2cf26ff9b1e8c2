using Vfio.Pci;

namespace Vfio.Tests;

public sealed class VfioDeviceTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly MemoryBackend _backend = new();

    public void Dispose()
    {
        _host.Dispose();
        _backend.Dispose();
    }

    [Fact]
    public void It_returns_what_the_backend_reports()
    {
        using VfioDevice device = new(_backend, PciAddress.Parse("0000:00:14.3"));
        Assert.Equal(
            (PciAddress.Parse("0000:00:14.3"), "memory", true), (device.Address, device.BackendName, device.CanReset));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void A_region_number_the_device_does_not_have_is_refused(int index)
    {
        using VfioDevice device = new(_backend, PciAddress.Parse("0000:00:14.3"));
        VfioException refusal = Assert.Throws<VfioException>(() => device.GetRegionInfo((RegionIndex)index));
        Assert.Contains("0000:00:14.3", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<VfioException>(() => device.OpenRegion((RegionIndex)index));
    }

    [Fact]
    public void A_region_the_device_does_not_implement_is_refused_with_those_it_does()
    {
        _backend.Add(RegionIndex.Bar0, 0x1000);
        _backend.Add(RegionIndex.Bar3, 0x1000);
        _backend.AddUnmappable(RegionIndex.Config, 0x100);
        using VfioDevice device = new(_backend, PciAddress.Parse("0000:00:14.3"));
        Assert.False(device.GetRegionInfo(RegionIndex.Bar1).IsImplemented);
        VfioException refusal = Assert.Throws<VfioException>(() => device.OpenRegion(RegionIndex.Bar1));
        Assert.Equal("open on BAR1 of 0000:00:14.3: the device does not implement it", refusal.Message);
        Assert.Equal("it has BAR0, BAR3, configuration space", refusal.Hint);
    }

    [Fact]
    public void An_absent_device_cannot_be_opened()
    {
        VfioException refusal = Assert.Throws<VfioException>(
            () => VfioDevice.Open(PciAddress.Parse("0000:00:14.3"), new VfioOpenOptions { Host = _host.Root }));
        Assert.Equal("0000:00:14.3", refusal.Subject);
        Assert.NotNull(refusal.Hint);
    }

    [Fact]
    public void A_device_without_an_iommu_cannot_be_opened()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci");
        VfioException refusal = Assert.Throws<VfioException>(
            () => VfioDevice.Open(device.Address, new VfioOpenOptions { Host = _host.Root }));
        Assert.Contains("IOMMU", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.Hint);
    }

    [Theory]
    [InlineData("e1000e", "the device is bound to the driver e1000e")]
    [InlineData(null, "the device has no driver")]
    public void A_device_that_is_not_bound_cannot_be_opened(string? driver, string reason)
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: driver, group: 12);
        VfioException refusal = Assert.Throws<VfioException>(
            () => VfioDevice.Open(device.Address, new VfioOpenOptions { Host = _host.Root }));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Equal("bind it to vfio-pci first", refusal.Hint);
        Assert.Equal((VfioErrorReason.NotBound, "0000:00:14.3"), (refusal.Reason, refusal.Device));
    }

    [Fact]
    public void Without_the_container_node_the_hint_names_the_module()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12);
        File.Delete(_host.PathOf("dev/vfio/vfio"));
        VfioException refusal = Assert.Throws<VfioException>(
            () => VfioDevice.Open(device.Address, new VfioOpenOptions { Host = _host.Root }));
        Assert.Equal((Errno.ENOENT, _host.PathOf("dev/vfio/vfio")), (refusal.Errno, refusal.Subject));
        Assert.Contains("modprobe vfio-pci", refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_a_container_is_refused()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12);
        VfioException refusal = Assert.Throws<VfioException>(
            () => VfioDevice.Open(device.Address, new VfioOpenOptions { Host = _host.Root }));
        Assert.Equal(("VFIO_GET_API_VERSION", Errno.ENOTTY), (refusal.Operation, refusal.Errno));
    }
}
