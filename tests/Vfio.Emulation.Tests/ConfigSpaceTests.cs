using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class ConfigSpaceTests : IDisposable
{
    private const ulong Command = 4;

    private readonly TestModel _model = new();
    private readonly VfioDevice _device;
    private readonly Region _config;

    public ConfigSpaceTests()
    {
        _device = _model.Open();
        _config = _device.OpenRegion(RegionIndex.Config);
    }

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void The_header_says_what_the_model_declares()
    {
        Assert.Equal((0xabcd, 0x1234), (_config.ReadUInt16(0), _config.ReadUInt16(2)));
        Assert.Equal(0x02000007u, _config.ReadUInt32(8));
        Assert.Equal((0x5678, 0x9abc), (_config.ReadUInt16(0x2c), _config.ReadUInt16(0x2e)));
        Assert.Equal(2, _config.ReadByte(0x3d));
        Assert.Equal(0x10, _config.ReadUInt16(6)); // capabilities, and nothing else
    }

    [Fact]
    public void After_opening_decoding_is_enabled_and_bus_mastering_is_disabled()
    {
        Assert.Equal(3, _config.ReadUInt16(Command));
        using EduModel edu = new();
        using VfioDevice device = edu.Open();
        Assert.Equal(2, device.OpenRegion(RegionIndex.Config).ReadUInt16(Command));
    }

    [Fact]
    public void Capabilities_are_a_chain_in_the_order_they_were_declared()
    {
        List<(int Id, int Offset)> chain = [];
        for (int at = _config.ReadByte(0x34); at != 0 && chain.Count < 48; at = _config.ReadByte((ulong)at + 1))
        {
            chain.Add((_config.ReadByte((ulong)at), at));
        }

        Assert.Equal([0x01, 0x10, 0x05, 0x11, 0x09, 0x13], chain.Select(capability => capability.Id));
        Assert.All(chain, capability => Assert.Equal(0, capability.Offset % 4));
        Assert.Equal(
            [
                _model.Power.Start,
                _model.Express.Start,
                _model.Msi.Start,
                _model.Msix.Start,
                _model.Vendor.Start,
                _model.Raw.Start,
            ],
            chain.Select(capability => capability.Offset));
    }

    [Fact]
    public void Extended_capabilities_are_a_chain_from_0x100_on()
    {
        Assert.Equal(4096ul, _config.Length);
        Assert.Equal(0x10c_1_0003u, _config.ReadUInt32(0x100));
        Assert.Equal(0x0102030405060708ul, _config.ReadUInt32(0x104) | ((ulong)_config.ReadUInt32(0x108) << 32));
        Assert.Equal(0x000_1_000bu, _config.ReadUInt32(0x10c));
        Assert.Equal(0x04030201u, _config.ReadUInt32(0x110));
    }

    [Fact]
    public void Without_PCI_Express_there_are_256_bytes()
    {
        using EduModel edu = new();
        using VfioDevice device = edu.Open();
        Assert.Equal(256ul, device.GetRegionInfo(RegionIndex.Config).Length);
    }

    [Fact]
    public void Writing_ones_to_a_bar_tells_its_length()
    {
        for (ulong at = 0x10; at < 0x28; at += 4)
        {
            _config.WriteUInt32(at, uint.MaxValue);
        }

        _config.WriteUInt32(0x30, uint.MaxValue);
        Assert.Equal(0xfffff000u, _config.ReadUInt32(0x10));
        Assert.Equal(0xffffffc1u, _config.ReadUInt32(0x14));
        Assert.Equal((0xffff0004u, 0xffffffffu), (_config.ReadUInt32(0x18), _config.ReadUInt32(0x1c)));
        Assert.Equal((0xffff000cu, 0xffffffffu), (_config.ReadUInt32(0x20), _config.ReadUInt32(0x24)));
        Assert.Equal(0xfffff801u, _config.ReadUInt32(0x30));
    }

    [Fact]
    public void A_bar_has_an_address_of_its_own_length_and_keeps_what_is_written()
    {
        uint address = _config.ReadUInt32(0x10);
        Assert.NotEqual(0u, address);
        Assert.Equal(0u, address & 0xfff);
        _config.WriteUInt32(0x10, 0xe1234567);
        Assert.Equal(0xe1234000u, _config.ReadUInt32(0x10));
        Assert.Equal(0xe1, _config.ReadByte(0x13));
    }

    [Fact]
    public void Read_only_registers_ignore_writes()
    {
        foreach (ulong at in new ulong[] { 0x00, 0x02, 0x06, 0x08, 0x0a, 0x0e, 0x28, 0x2c, 0x2e, 0x34, 0x38, 0x3e })
        {
            ushort before = _config.ReadUInt16(at);
            _config.WriteUInt16(at, (ushort)~before);
            Assert.Equal(before, _config.ReadUInt16(at));
        }
    }

    [Theory]
    [InlineData(0x04, 0xffff, 0x0507)]
    [InlineData(0x04, 0x0000, 0x0000)]
    [InlineData(0x0c, 0xffff, 0x00ff)]
    [InlineData(0x3c, 0xffff, 0x02ff)]
    public void Writable_bits_are_those_of_the_specification(ulong offset, ushort value, int expected)
    {
        _config.WriteUInt16(offset, value);
        Assert.Equal(expected, _config.ReadUInt16(offset));
    }

    [Fact]
    public void An_access_of_8_bytes_is_two_of_4()
    {
        _config.WriteUInt64(0x10, 0x00001234_e0000000);
        Assert.Equal(0x00001201_e0000000ul, _config.ReadUInt64(0x10));
    }

    [Fact]
    public void Ones_clear_the_bits_that_are_declared_so()
    {
        ulong status = (ulong)_model.Raw.Start + 4;
        Assert.Equal(0xff, _config.ReadByte(status));
        _config.WriteByte(status, 0x00);
        Assert.Equal(0xff, _config.ReadByte(status));
        _config.WriteByte(status, 0x3c);
        Assert.Equal(0xcf, _config.ReadByte(status));
    }

    [Fact]
    public void A_vendors_capability_has_its_length_and_its_writable_bits()
    {
        ulong vendor = (ulong)_model.Vendor.Start;
        Assert.Equal(5, _config.ReadByte(vendor + 2));
        _config.WriteByte(vendor + 3, 0xff);
        _config.WriteByte(vendor + 4, 0xff);
        Assert.Equal((0x1f, 0x22), (_config.ReadByte(vendor + 3), _config.ReadByte(vendor + 4)));
        Assert.Equal([$"{vendor + 3:x} 1", $"{vendor + 4:x} 1"], _model.ConfigLog);
    }

    [Fact]
    public void A_reset_leaves_what_the_kernel_manages_and_undoes_the_rest()
    {
        _config.WriteUInt16(Command, 0x0507);
        _config.WriteUInt32(0x10, 0xe0000000);
        _config.WriteByte(0xf0, 1);
        _config.WriteByte(0xf8, 1);
        _config.WriteUInt32((ulong)_model.Msi.Start + 4, 0xfee00000);
        _device.Reset();
        Assert.Equal(0x0507, _config.ReadUInt16(Command));
        Assert.Equal(0xe0000000u, _config.ReadUInt32(0x10));
        Assert.Equal(0xfee00000u, _config.ReadUInt32((ulong)_model.Msi.Start + 4));
        Assert.Equal((0xaa, 1), (_config.ReadByte(0xf0), _config.ReadByte(0xf8)));
    }

    [Fact]
    public void A_new_open_finds_nothing_of_the_last_but_sticky_registers()
    {
        uint bar = _config.ReadUInt32(0x10);
        _config.WriteUInt16(Command, 0x0507);
        _config.WriteUInt32(0x10, 0xe0000000);
        _config.WriteByte(0x3c, 9);
        _config.WriteByte(0xf8, 1);
        _device.Dispose();
        using VfioDevice again = _model.Open();
        Region config = again.OpenRegion(RegionIndex.Config);
        Assert.Equal(
            (3, bar, 0, 1),
            (config.ReadUInt16(Command), config.ReadUInt32(0x10), config.ReadByte(0x3c), config.ReadByte(0xf8)));
    }

    [Fact]
    public void The_msi_enable_bit_cannot_be_written_and_no_more_vectors_be_enabled_than_exist()
    {
        ulong control = (ulong)_model.Msi.Start + 2;
        Assert.Equal(0x0184, _config.ReadUInt16(control)); // maskable, 64 bits, 4 vectors
        _config.WriteUInt16(control, 0xffff);
        Assert.Equal(0x01ae, _config.ReadUInt16(control));
        Assert.Equal(TestModel.MsixVectors - 1, _config.ReadUInt16((ulong)_model.Msix.Start + 2));
        _config.WriteUInt16((ulong)_model.Msix.Start + 2, 0xffff);
        Assert.Equal(TestModel.MsixVectors - 1, _config.ReadUInt16((ulong)_model.Msix.Start + 2));
    }

    [Fact]
    public void The_express_capability_reports_its_link_and_resets_the_function()
    {
        ulong express = (ulong)_model.Express.Start;
        Assert.Equal(0x0002, _config.ReadUInt16(express + 2));
        Assert.Equal(0x43, _config.ReadUInt16(express + 18));
        Assert.Equal(0x0eu, _config.ReadUInt32(express + 44));
        int resets = _model.Resets;
        _config.WriteUInt16(express + 8, 0x8000);
        Assert.Equal(resets + 1, _model.Resets);
        Assert.Equal(0, _config.ReadUInt16(express + 8) & 0x8000);
    }

    [Fact]
    public void The_model_changes_its_own_space_without_masks()
    {
        _model.Config.Write(0x02, 2, 0x4321);
        Assert.Equal(0x4321, _config.ReadUInt16(2));
        Assert.Equal(0x4321abcdu, _model.Config.Read(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Config.Write(4096, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Config.Read(4093, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Config.Read(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Config.Read(0, 8));
    }
}
