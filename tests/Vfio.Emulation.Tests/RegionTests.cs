using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class RegionTests : IDisposable
{
    private readonly TestModel _model = new();
    private readonly VfioDevice _device;

    public RegionTests() => _device = _model.Open();

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void Handlers_see_each_access_as_it_was_made()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        bar0.WriteByte(3, 0x12);
        bar0.WriteUInt16(6, 0x3456);
        bar0.WriteUInt32(8, 0x789abcde);
        bar0.WriteUInt64(0x10, 0x1122334455667788);
        Assert.Equal(["3 1 12", "6 2 3456", "8 4 789abcde", "10 8 1122334455667788"], _model.Log);
        Assert.Equal(0x789abcdeu, bar0.ReadUInt32(8));
    }

    [Fact]
    public void Bits_of_an_answer_beyond_the_width_are_ignored()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        Assert.Equal(byte.MaxValue, bar0.ReadByte(0x100));
        Assert.Equal(ushort.MaxValue, bar0.ReadUInt16(0x100));
        Assert.Equal(uint.MaxValue, bar0.ReadUInt32(0x100));
        Assert.Equal(ulong.MaxValue, bar0.ReadUInt64(0x100));
    }

    [Fact]
    public void Regions_are_described_as_the_kernel_describes_them()
    {
        RegionInfo bar2 = _device.GetRegionInfo(RegionIndex.Bar2);
        Assert.Equal([new MappableArea(TestModel.MemoryOffset, TestModel.MemoryLength)], bar2.MappableAreas);
        Assert.Equal([new MappableArea(0, 0x10000)], _device.GetRegionInfo(RegionIndex.Bar4).MappableAreas);
        Assert.Empty(_device.GetRegionInfo(RegionIndex.Bar0).MappableAreas);
        Assert.False(_device.GetRegionInfo(RegionIndex.Bar3).IsImplemented);
        RegionInfo rom = _device.GetRegionInfo(RegionIndex.Rom);
        Assert.Equal((2048ul, true, false), (rom.Length, rom.CanRead, rom.CanWrite));
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => _device.GetRegionInfo(RegionIndex.Vga)).Errno);
        Assert.Equal("in-process", _device.BackendName);
    }

    [Fact]
    public void Memory_is_the_same_for_driver_and_model_mapped_or_not()
    {
        using Region mapped = _device.OpenRegion(RegionIndex.Bar4);
        using Region trapped = _device.OpenRegion(RegionIndex.Bar4, RegionAccess.Trapped);
        Assert.True(mapped.IsMapped);
        mapped.WriteUInt32(0xfffc, 0xcafe0001);
        Assert.Equal((0xcafe0001u, 0xcafe0001u), (trapped.ReadUInt32(0xfffc), _model.WholeMemory.ReadUInt32(0xfffc)));
        _model.WholeMemory.WriteUInt64(0, 0x0102030405060708);
        Assert.Equal((0x0102030405060708ul, 0x05060708u), (mapped.ReadUInt64(0), trapped.ReadUInt32(0)));
        trapped.WriteByte(1, 0xff);
        Assert.Equal(0xff08, _model.WholeMemory.ReadUInt16(0));
    }

    [Fact]
    public void Memory_in_a_part_of_a_bar_is_mapped_and_the_rest_asks_the_handler()
    {
        using Region bar2 = _device.OpenRegion(RegionIndex.Bar2);
        Assert.False(bar2.IsMapped);
        bar2.WriteUInt32(TestModel.MemoryOffset, 0x11223344);
        bar2.WriteUInt32(TestModel.MemoryOffset + TestModel.MemoryLength, 0x55667788);
        Assert.Equal(0x11223344u, _model.SparseMemory.ReadUInt32(0));
        Assert.Equal([$"{TestModel.MemoryOffset + TestModel.MemoryLength:x} 4 55667788"], _model.Log);
        Assert.Equal(4u, bar2.ReadUInt32(0));
        bar2.WriteUInt64(0x8008, 7);
        Assert.Equal(7ul, _model.SmallMemory.ReadUInt64(0));
        Assert.Single(_model.Log);
    }

    [Fact]
    public void A_model_copies_to_and_from_its_memory()
    {
        _model.WholeMemory.CopyFrom(10, [1, 2, 3]);
        byte[] bytes = new byte[5];
        _model.WholeMemory.CopyTo(9, bytes);
        Assert.Equal([0, 1, 2, 3, 0], bytes);
        _model.WholeMemory.Clear();
        _model.WholeMemory.CopyTo(9, bytes);
        Assert.Equal(new byte[5], bytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.WholeMemory.CopyTo(0xfffe, bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.WholeMemory.ReadUInt32(ulong.MaxValue - 3));
        Assert.Throws<ArgumentException>(() => _model.WholeMemory.ReadUInt32(2));
    }

    [Fact]
    public void Memory_that_is_not_decoded_is_an_error()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region bar4 = _device.OpenRegion(RegionIndex.Bar4, RegionAccess.Trapped);
        using Region rom = _device.OpenRegion(RegionIndex.Rom);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        config.WriteUInt16(4, 0x0001);
        VfioException failure = Assert.Throws<VfioException>(() => bar0.ReadUInt32(8));
        Assert.Equal(Errno.EIO, failure.Errno);
        Assert.Contains("BAR0+0x8 of test", failure.Message, StringComparison.Ordinal);
        Assert.Contains("decoding", failure.Hint, StringComparison.Ordinal);
        Assert.Throws<VfioException>(() => bar0.WriteUInt32(8, 0));
        Assert.Throws<VfioException>(() => bar4.ReadUInt32(8));
        Assert.Throws<VfioException>(() => rom.ReadUInt32(0));
        config.WriteUInt16(4, 0x0002);
        Assert.Equal(0u, bar0.ReadUInt32(8));
        Assert.Empty(_model.Log);
    }

    [Fact]
    public void Ports_that_are_not_decoded_read_as_all_ones()
    {
        using Region ports = _device.OpenRegion(RegionIndex.Bar1);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        Assert.False(ports.IsMapped);
        Assert.Equal(0x20, ports.ReadByte(0x20));
        config.WriteUInt16(4, 0x0002);
        ports.WriteByte(0x20, 1);
        Assert.Equal((0xff, 0xffffffffu), (ports.ReadByte(0x20), ports.ReadUInt32(0x20)));
        Assert.Empty(_model.Log);
    }

    [Fact]
    public void A_rom_has_its_content_followed_by_ones()
    {
        using Region rom = _device.OpenRegion(RegionIndex.Rom);
        Assert.Equal(0x0201aa55u, rom.ReadUInt32(0));
        Assert.Equal(0xffffff03u, rom.ReadUInt32(4));
        Assert.Equal(0xff, rom.ReadByte(2047));
        Assert.Throws<NotSupportedException>(() => rom.WriteByte(0, 0));
    }

    [Fact]
    public void In_D3hot_only_configuration_space_answers()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region ports = _device.OpenRegion(RegionIndex.Bar1);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        ulong control = (ulong)_model.Power.Start + 4;
        bar0.WriteUInt32(8, 5);
        config.WriteUInt16(control, 3);
        Assert.Equal(3, config.ReadUInt16(control));
        Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(() => bar0.ReadUInt32(8)).Errno);
        Assert.Equal(0xff, ports.ReadByte(0));
        config.WriteUInt16(control, 1);
        Assert.Equal(3, config.ReadUInt16(control)); // from D3hot only D0 can be reached
        config.WriteUInt16(control, 0);
        // and on the way the device resets itself
        Assert.Equal((0, 0u), (config.ReadUInt16(control), bar0.ReadUInt32(8)));
        config.WriteUInt16(control, 2);
        Assert.Equal(0, config.ReadUInt16(control)); // it has no D2
        config.WriteUInt16(control, 1);
        Assert.Equal((1, 0u), (config.ReadUInt16(control), bar0.ReadUInt32(8)));
    }

    [Fact]
    public void A_reset_wakes_the_device()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        config.WriteUInt16((ulong)_model.Power.Start + 4, 3);
        _device.Reset();
        Assert.Equal((0, 0u), (config.ReadUInt16((ulong)_model.Power.Start + 4), bar0.ReadUInt32(8)));
    }

    [Fact]
    public void A_device_may_keep_its_registers_in_D3hot()
    {
        using TestModel model = new(keepsStateInD3: true);
        using VfioDevice device = model.Open();
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        using Region config = device.OpenRegion(RegionIndex.Config);
        bar0.WriteUInt32(8, 5);
        config.WriteUInt16((ulong)model.Power.Start + 4, 3);
        config.WriteUInt16((ulong)model.Power.Start + 4, 0);
        Assert.Equal((8, 5u), (config.ReadUInt16((ulong)model.Power.Start + 4), bar0.ReadUInt32(8)));
    }
}
