using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary>Which devices have which register maps.</summary>
public sealed class KnownRegistersTests : IDisposable
{
    private const string Address = "0000:00:05.0";

    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(0x8086, 0x10d3, "020000", "Intel 82574")]
    [InlineData(0x8086, 0x10f6, "020000", "Intel 82574")]
    [InlineData(0x1b36, 0x0010, "010802", "NVMe controller")]
    [InlineData(0x144d, 0xa808, "010802", "NVMe controller")]
    [InlineData(0x1234, 0x11e8, "00ff00", "QEMU edu")]
    [InlineData(0x1234, 0x1111, "038000", "QEMU bochs display")]
    [InlineData(0x1234, 0x1111, "030000", "QEMU bochs display")]
    public void A_known_device_has_its_map(ushort vendor, ushort device, string classCode, string map)
    {
        PciDeviceInfo info = Device(vendor, device, classCode);
        Assert.Equal(map, KnownRegisters.OwnMap(DeviceIdentity.Of(info))?.Name);

        // A configuration space that cannot be read has no map.
        Assert.Equal([map], KnownRegisters.For(info).Select(known => known.Name));
    }

    [Theory]
    [InlineData(0x8086, 0x10c9, "020000")]
    [InlineData(0x8087, 0x10d3, "020000")]
    [InlineData(0x1b36, 0x0010, "010801")]
    [InlineData(0x1234, 0x1112, "038000")]
    [InlineData(0xffff, 0xffff, "ffffff")]
    public void An_unknown_device_has_none(ushort vendor, ushort device, string classCode) =>
        Assert.Empty(KnownRegisters.For(Device(vendor, device, classCode)));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    public void Less_than_a_header_of_configuration_space_has_no_map(int length)
    {
        PciDeviceInfo info = Device(0x8086, 0x10d3, "020000");
        WriteConfig(new byte[length]);
        Assert.Null(KnownRegisters.ConfigMap(info));
        Assert.Equal(["Intel 82574"], KnownRegisters.For(info).Select(map => map.Name));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(4096)]
    public void Configuration_space_comes_last(int length)
    {
        PciDeviceInfo info = Device(0x8086, 0x10d3, "020000");
        WriteConfig(new byte[length]);
        Assert.Equal([RegionIndex.Bar0, RegionIndex.Config], KnownRegisters.For(info).Select(map => map.Region));
    }

    [Fact]
    public void A_virtual_function_whose_ids_read_as_ones_has_a_map_of_its_configuration_space()
    {
        PciDeviceInfo info = Device(0x8086, 0x10ca, "020000");
        byte[] config = new byte[256];
        config.AsSpan(0, 4).Fill(0xff);
        WriteConfig(config);
        Assert.Equal(RegionIndex.Config, Assert.Single(KnownRegisters.For(info)).Region);
    }

    private PciDeviceInfo Device(ushort vendor, ushort device, string classCode)
    {
        _host.Add(new FakeDevice(Address, vendor, device, classCode));
        return new PciBus(_host.Root).Get(PciAddress.Parse(Address));
    }

    private void WriteConfig(byte[] bytes) =>
        File.WriteAllBytes(_host.PathOf($"sys/devices/pci0000:00/{Address}/config"), bytes);
}
