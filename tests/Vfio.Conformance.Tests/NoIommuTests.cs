namespace Vfio.Conformance.Tests;

/// <summary>A device without an IOMMU: what it does not have is reported as missing.</summary>
[Trait("Backend", "noiommu")]
public sealed class NoIommuTests : MachineTests
{
    private readonly KernelEdu _backend;

    public NoIommuTests(BoundDevices devices)
        : base(devices) => _backend = new(VfioBackend.NoIommu, devices);

    [Fact]
    public void It_has_no_address_space()
    {
        using VfioDevice device = _backend.Open();
        NotSupportedException refusal = Assert.Throws<NotSupportedException>(() => device.AddressSpace);
        Assert.Contains("without an IOMMU", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(device.GetFaults());
    }

    [Theory]
    [InlineData(VfioBackend.Automatic)]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Type1)]
    [InlineData(VfioBackend.Iommufd)]
    [InlineData(VfioBackend.CompatibleType1v2)]
    public void It_is_opened_only_on_explicit_request(VfioBackend backend)
    {
        VfioException refusal = Assert.Throws<VfioException>(
            () => VfioDevice.Open(_backend.Address, new VfioOpenOptions { Backend = backend }));
        Assert.Contains("not behind an IOMMU", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("noiommu", refusal.Hint, StringComparison.Ordinal);
    }
}
