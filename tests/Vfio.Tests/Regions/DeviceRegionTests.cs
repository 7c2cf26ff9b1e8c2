using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Regions that only some devices have: VGA, and device-specific ones.</summary>
public sealed class DeviceRegionTests : IDisposable
{
    private const RegionIndex Own = (RegionIndex)9;

    private readonly ScriptedBackend _backend = new() { RegionCount = 11 };
    private readonly VfioDevice _device;

    public DeviceRegionTests()
    {
        _backend.Memory.AddUnmappable(RegionIndex.Vga, 0xc0000);
        _backend.Memory.AddUnmappable(Own, 0x2000);
        _device = new VfioDevice(_backend, PciAddress.Parse("0000:00:02.0"));
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
    }

    [Fact]
    public void A_device_specific_region_is_opened_by_its_number()
    {
        Assert.Equal(11, _device.RegionCount);
        using Region region = _device.OpenRegion(Own);
        region.WriteUInt32(0x1000, 0x12345678);
        Assert.Equal((0x12345678u, Own, 0x2000ul), (region.ReadUInt32(0x1000), region.Index, region.Length));
        VfioException refusal = Assert.Throws<VfioException>(() => _device.OpenRegion((RegionIndex)10));
        Assert.Equal(
            ("open on region 10 of 0000:00:02.0: the device does not implement it", "it has region 9"),
            (refusal.Message, refusal.Hint));
        Assert.Throws<VfioException>(() => _device.OpenRegion((RegionIndex)11));
    }

    [Fact]
    public void The_VGA_region_goes_through_the_descriptor()
    {
        using Region vga = _device.OpenRegion(RegionIndex.Vga);
        Assert.False(vga.IsMapped);
        vga.WriteByte(0x3c2, 0x67);
        Assert.Equal(0x67, vga.ReadByte(0x3c2));
    }

    [Theory]
    [InlineData(0x80008086u, 1u, 0x8086, "vendor 8086 type 1")]
    [InlineData(0xffff10deu, 2u, 0x10de, "vendor 10de type 2")]
    [InlineData(1u, 1u, null, "type 1.1")]
    public void A_type_is_vendor_specific_or_the_kernels(uint value, uint subtype, int? vendor, string text)
    {
        RegionType type = new(value, subtype);
        Assert.Equal((vendor, text), ((int?)type.VendorId, type.ToString()));
    }
}
