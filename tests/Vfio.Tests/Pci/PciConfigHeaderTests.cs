using Vfio.Pci;

namespace Vfio.Tests.Pci;

public sealed class PciConfigHeaderTests
{
    // The 82574L of the machine, as sysfs shows its configuration space to an ordinary user.
    private static readonly byte[] Nic = Convert.FromHexString(
        "8680d310" + "07041000" + "00000002" + "00000000" + "0000c4fe" + "0000c6fe" + "41c00000" + "0000c8fe"
        + "00000000" + "00000000" + "00000000" + "86800000" + "00000000" + "c8000000" + "00000000" + "0b010000");

    [Fact]
    public void An_endpoint_is_read_field_by_field()
    {
        PciConfigHeader header = PciConfigHeader.Parse(Nic);
        Assert.Equal((0x8086, 0x10d3), (header.VendorId, header.DeviceId));
        Assert.Equal(
            PciCommand.IoSpace | PciCommand.MemorySpace | PciCommand.BusMaster | PciCommand.InterruptDisable,
            header.Command);
        Assert.Equal(0x0010, header.Status);
        Assert.Equal(PciClassCode.Ethernet, header.Class);
        Assert.Equal((0, false), (header.HeaderType, header.IsMultiFunction));
        Assert.Equal((0x8086, 0), (header.SubsystemVendorId, header.SubsystemId));
        Assert.Equal((0xc8, 11, 1), (header.CapabilitiesPointer, header.InterruptLine, header.InterruptPin));
        Assert.Equal(
            [
                new PciBaseAddress(RegionIndex.Bar0, PciBaseAddressKind.Memory32, 0xfec40000, false),
                new PciBaseAddress(RegionIndex.Bar1, PciBaseAddressKind.Memory32, 0xfec60000, false),
                new PciBaseAddress(RegionIndex.Bar2, PciBaseAddressKind.Io, 0xc040, false),
                new PciBaseAddress(RegionIndex.Bar3, PciBaseAddressKind.Memory32, 0xfec80000, false),
                new PciBaseAddress(RegionIndex.Bar4, PciBaseAddressKind.Memory32, 0, false),
                new PciBaseAddress(RegionIndex.Bar5, PciBaseAddressKind.Memory32, 0, false),
            ],
            header.BaseAddresses);
    }

    [Fact]
    public void A_64_bit_prefetchable_register_takes_two()
    {
        byte[] config = (byte[])Nic.Clone();
        Convert.FromHexString("0c000010" + "38000000").CopyTo(config, 0x10);
        PciBaseAddress bar0 = PciConfigHeader.Parse(config).BaseAddresses[0];
        Assert.Equal(new PciBaseAddress(RegionIndex.Bar0, PciBaseAddressKind.Memory64, 0x38_10000000, true), bar0);
        Assert.Equal(RegionIndex.Bar2, PciConfigHeader.Parse(config).BaseAddresses[1].Index);
    }

    [Fact]
    public void A_64_bit_mark_on_the_last_register_takes_no_other()
    {
        byte[] config = (byte[])Nic.Clone();
        config[0x24] = 0x04;
        Assert.Equal(6, PciConfigHeader.Parse(config).BaseAddresses.Count);
    }

    [Fact]
    public void A_bridge_has_two_registers_and_no_subsystem()
    {
        byte[] config = (byte[])Nic.Clone();
        config[0x0e] = 0x81;
        PciConfigHeader header = PciConfigHeader.Parse(config);
        Assert.Equal(
            (1, true, 0, 2),
            (header.HeaderType, header.IsMultiFunction, header.SubsystemVendorId, header.BaseAddresses.Count));
    }

    [Fact]
    public void Without_the_status_bit_there_is_no_capability_list()
    {
        byte[] config = (byte[])Nic.Clone();
        config[6] = 0;
        Assert.Equal(0, PciConfigHeader.Parse(config).CapabilitiesPointer);
    }

    [Fact]
    public void All_ones_is_an_absent_device()
    {
        byte[] config = new byte[64];
        config.AsSpan().Fill(0xff);
        PciConfigHeader header = PciConfigHeader.Parse(config);
        Assert.True(header.IsAbsent);
        Assert.Empty(header.BaseAddresses);
    }

    [Fact]
    public void Fewer_than_64_bytes_are_not_a_header()
    {
        Assert.False(PciConfigHeader.TryParse(new byte[63], out _));
        Assert.Throws<FormatException>(() => PciConfigHeader.Parse(new byte[63]));
    }
}
