using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>The behaviour of every backend: devices, regions, configuration space, errors, disposal.</summary>
public abstract class DeviceContract : IDisposable
{
    private const ulong Command = 4;
    private const ushort MemorySpace = 2;
    private const ushort IntxDisable = 1 << 10;

    private readonly EduBackend _backend;
    private readonly VfioDevice _device;

    protected DeviceContract(EduBackend backend)
    {
        _backend = backend;
        _device = backend.Open();
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_device_reports_its_backend_and_that_it_can_be_reset()
    {
        Assert.Equal(_backend.Name, _device.BackendName);
        Assert.True(_device.CanReset);
    }

    [Fact]
    public void Regions_are_described()
    {
        RegionInfo bar0 = _device.GetRegionInfo(RegionIndex.Bar0);
        Assert.Equal(
            (RegionIndex.Bar0, 0x100000ul, true, true), (bar0.Index, bar0.Length, bar0.CanRead, bar0.CanWrite));
        RegionInfo config = _device.GetRegionInfo(RegionIndex.Config);
        Assert.Equal(
            (256ul, true, true, 0), (config.Length, config.CanRead, config.CanWrite, config.MappableAreas.Count));
        for (RegionIndex index = RegionIndex.Bar1; index <= RegionIndex.Rom; index++)
        {
            Assert.Equal(
                (0ul, false), (_device.GetRegionInfo(index).Length, _device.GetRegionInfo(index).IsImplemented));
        }
    }

    [Theory]
    [InlineData(RegionIndex.Vga)]
    [InlineData((RegionIndex)9)]
    [InlineData((RegionIndex)(-1))]
    [InlineData((RegionIndex)int.MaxValue)]
    public void A_region_that_no_such_device_has_is_refused(RegionIndex index)
    {
        Assert.Throws<VfioException>(() => _device.GetRegionInfo(index));
        Assert.Throws<VfioException>(() => _device.OpenRegion(index));
    }

    [Fact]
    public void A_region_that_this_device_lacks_is_refused_with_those_it_has()
    {
        VfioException refusal = Assert.Throws<VfioException>(() => _device.OpenRegion(RegionIndex.Bar2));
        Assert.Contains("does not implement", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("it has BAR0, configuration space", refusal.Hint);
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Registers_read_the_same_mapped_and_trapped(RegionAccess access)
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0, access);
        Assert.Equal((RegionIndex.Bar0, 0x100000ul), (bar0.Index, bar0.Length));
        Assert.Equal(0x010000edu, bar0.ReadUInt32(0));
    }

    [Fact]
    public void Two_regions_of_one_bar_reach_the_same_registers()
    {
        using Region first = _device.OpenRegion(RegionIndex.Bar0);
        using Region second = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        first.WriteUInt32(4, 0x12345678);
        Assert.Equal(0xedcba987u, second.ReadUInt32(4));
        first.Dispose();
        Assert.Equal(0xedcba987u, second.ReadUInt32(4));
    }

    [Theory]
    [InlineData(0x100000)]
    [InlineData(0x0ffffd)]
    [InlineData(ulong.MaxValue)]
    [InlineData(ulong.MaxValue - 3)]
    public void An_access_outside_the_region_is_refused(ulong offset)
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        Assert.ThrowsAny<ArgumentException>(() => bar0.ReadUInt32(offset));
        Assert.ThrowsAny<ArgumentException>(() => bar0.WriteUInt32(offset, 0));
        Assert.ThrowsAny<ArgumentException>(() => bar0.ReadUInt64(offset));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(0x8f)]
    public void An_access_that_is_not_aligned_is_refused(ulong offset)
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        Assert.Throws<ArgumentException>(() => bar0.ReadUInt32(offset));
        Assert.Throws<ArgumentException>(() => bar0.WriteUInt64(offset, 0));
    }

    [Fact]
    public void Configuration_space_is_read_in_every_width()
    {
        using Region config = _device.OpenRegion(RegionIndex.Config);
        Assert.Equal((0x34, 0x1234, 0x11e81234u), (config.ReadByte(0), config.ReadUInt16(0), config.ReadUInt32(0)));
        Assert.Equal(config.ReadUInt32(0x28) | ((ulong)config.ReadUInt32(0x2c) << 32), config.ReadUInt64(0x28));
        Assert.Equal(0x00ff0010u, config.ReadUInt32(8));
        Assert.Equal(0x11001af4u, config.ReadUInt32(0x2c));
        Assert.Equal(
            (0x40, 5, 0, 1),
            (config.ReadByte(0x34), config.ReadByte(0x40), config.ReadByte(0x41), config.ReadByte(0x3d)));
        Assert.ThrowsAny<ArgumentException>(() => config.ReadUInt32(0x100));
    }

    [Fact]
    public void A_bars_length_can_be_sized()
    {
        using Region config = _device.OpenRegion(RegionIndex.Config);
        uint before = config.ReadUInt32(0x10);
        Assert.NotEqual(0u, before);
        config.WriteUInt32(0x10, uint.MaxValue);
        config.WriteUInt32(0x14, uint.MaxValue);
        config.WriteUInt32(0x30, uint.MaxValue);
        Assert.Equal(
            (0xfff00000u, 0u, 0u), (config.ReadUInt32(0x10), config.ReadUInt32(0x14), config.ReadUInt32(0x30)));
        config.WriteUInt32(0x10, before);
        Assert.Equal(before, config.ReadUInt32(0x10));
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        Assert.Equal(0x010000edu, bar0.ReadUInt32(0));
    }

    [Fact]
    public void After_opening_memory_is_decoded_and_bus_mastering_is_disabled()
    {
        using Region config = _device.OpenRegion(RegionIndex.Config);
        Assert.Equal(MemorySpace, config.ReadUInt16(Command) & 7);
    }

    [Fact]
    public void Access_to_memory_that_is_not_decoded_fails_until_decoding_is_enabled()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        bar0.WriteUInt32(4, 5);
        ushort command = config.ReadUInt16(Command);
        config.WriteUInt16(Command, (ushort)(command & ~MemorySpace));
        VfioException failure = Assert.Throws<VfioException>(() => bar0.ReadUInt32(0));
        Assert.Equal((Errno.EIO, "read"), (failure.Errno, failure.Operation));
        Assert.Contains("BAR0+0x0 of", failure.Message, StringComparison.Ordinal);
        Assert.Contains("decoding", failure.Hint, StringComparison.Ordinal);
        Assert.Equal("write", Assert.Throws<VfioException>(() => bar0.WriteUInt32(4, 6)).Operation);
        config.WriteUInt16(Command, command);
        Assert.Equal(0xfffffffau, bar0.ReadUInt32(4));
    }

    [Fact]
    public void A_reset_keeps_configuration_space_and_the_device_answers_after_it()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        config.WriteUInt16(Command, MemorySpace | IntxDisable);
        config.WriteUInt32(0x10, 0xe0000000);
        bar0.WriteUInt32(0x60, 1);
        Assert.Equal(8, config.ReadUInt16(6) & 8);
        _device.Reset();
        Assert.Equal(MemorySpace | IntxDisable, config.ReadUInt16(Command));
        Assert.Equal(0xe0000000u, config.ReadUInt32(0x10));
        Assert.Equal(0, config.ReadUInt16(6) & 8);
        Assert.Equal(0x010000edu, bar0.ReadUInt32(0));
    }

    [Fact]
    public void One_program_at_a_time_has_a_device_open()
    {
        Assert.Equal(Errno.EBUSY, Assert.Throws<VfioException>(_backend.Open).Errno);
        _device.Dispose();
        using VfioDevice again = _backend.Open();
        Assert.Equal(_backend.Name, again.BackendName);
    }

    [Fact]
    public void A_new_open_finds_configuration_space_as_it_was_first()
    {
        using (Region config = _device.OpenRegion(RegionIndex.Config))
        {
            config.WriteUInt32(0x10, 0);
            config.WriteUInt16(Command, 0x0506);
        }

        _device.Dispose();
        using VfioDevice again = _backend.Open();
        using Region fresh = again.OpenRegion(RegionIndex.Config);
        Assert.NotEqual(0u, fresh.ReadUInt32(0x10));
        Assert.Equal(MemorySpace, fresh.ReadUInt16(Command) & 7);
    }

    [Fact]
    public void Disposal_ends_every_use_and_may_be_repeated()
    {
        Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        Region trapped = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Region config = _device.OpenRegion(RegionIndex.Config);
        bar0.Dispose();
        bar0.Dispose();
        Assert.Throws<ObjectDisposedException>(() => bar0.ReadUInt32(0));
        Assert.Equal(0x010000edu, trapped.ReadUInt32(0));
        _device.Dispose();
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trapped.ReadUInt32(0));
        Assert.Throws<ObjectDisposedException>(() => trapped.WriteUInt32(4, 0));
        Assert.Throws<ObjectDisposedException>(() => config.ReadUInt32(0));
        Assert.Throws<ObjectDisposedException>(() => _device.OpenRegion(RegionIndex.Bar0));
        Assert.Throws<ObjectDisposedException>(() => _device.GetRegionInfo(RegionIndex.Bar0));
        Assert.Throws<ObjectDisposedException>(_device.Reset);
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Disposal_while_a_thread_reads_ends_in_ObjectDisposedException(RegionAccess access)
    {
        Region bar0 = _device.OpenRegion(RegionIndex.Bar0, access);
        using ManualResetEventSlim started = new();
        Exception? end = null;
        void ReadForever()
        {
            try
            {
                while (true)
                {
                    uint value = bar0.ReadUInt32(0);
                    Assert.True(value is 0x010000ed or uint.MaxValue, $"0x{value:x8}");
                    started.Set();
                }
            }
            catch (Exception failure)
            {
                end = failure;
            }
        }

        Thread reader = new(ReadForever);
        reader.Start();
        Assert.True(started.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        _device.Dispose();
        reader.Join();
        Assert.IsType<ObjectDisposedException>(end);
    }

    [Fact]
    public void Accesses_allocate_nothing()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        uint sum = Work(bar0, config, 100);
        Assert.Equal(0, Allocation.Of(() => sum |= Work(bar0, config, 10_000)));
        Assert.NotEqual(0u, sum);
    }

    private static uint Work(Region bar0, Region config, int count)
    {
        uint sum = 0;
        for (int i = 0; i < count; i++)
        {
            bar0.WriteUInt32(4, (uint)i);
            sum += bar0.ReadUInt32(4) + config.ReadUInt16(0);
        }

        return sum;
    }
}
