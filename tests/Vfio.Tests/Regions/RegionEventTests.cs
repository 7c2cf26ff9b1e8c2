using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Writes that eventfds trigger: what reaches the backend, and when each ends.</summary>
public sealed class RegionEventTests : IDisposable
{
    private readonly ScriptedBackend _backend = new();
    private readonly VfioDevice _device;
    private readonly Region _bar0;
    private readonly EventFd _counter = new();

    public RegionEventTests()
    {
        _backend.Memory.Add(RegionIndex.Bar0, 0x1000);
        _backend.Memory.Add(RegionIndex.Rom, 0x1000, canWrite: false);
        _device = new VfioDevice(_backend, PciAddress.Parse("0000:00:14.3"));
        _bar0 = _device.OpenRegion(RegionIndex.Bar0);
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
        _counter.Dispose();
    }

    [Fact]
    public void Each_width_is_requested_and_removed_once()
    {
        IDisposable[] writes =
        [
            _bar0.WriteOnEvent<byte>(_counter.Handle, 0xfff, 0x12),
            _bar0.WriteOnEvent<ushort>(_counter.Handle, 0x10, 0x1234),
            _bar0.WriteOnEvent<uint>(_counter.Handle, 0x20, 0x12345678),
            _bar0.WriteOnEvent<ulong>(_counter.Handle, 0xff8, 0x123456789abcdef0),
        ];
        Assert.Equal(
            ["set Bar0+fff 1 12", "set Bar0+10 2 1234", "set Bar0+20 4 12345678", "set Bar0+ff8 8 123456789abcdef0"],
            _backend.Events);
        _backend.Events.Clear();
        writes[1].Dispose();
        writes[1].Dispose();
        Assert.Equal(["end Bar0+10 2 1234"], _backend.Events);
        _bar0.Dispose();
        writes[0].Dispose();
        Assert.Equal(
            ["end Bar0+10 2 1234", "end Bar0+fff 1 12", "end Bar0+20 4 12345678", "end Bar0+ff8 8 123456789abcdef0"],
            _backend.Events);
    }

    [Fact]
    public void Places_that_no_write_reaches_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _bar0.WriteOnEvent<uint>(_counter.Handle, 0x1000, 1));
        Assert.Throws<ArgumentException>(() => _bar0.WriteOnEvent<uint>(_counter.Handle, 2, 1));
        Assert.Throws<ArgumentNullException>(() => _bar0.WriteOnEvent<uint>(null!, 0, 1));
        using Region rom = _device.OpenRegion(RegionIndex.Rom);
        Assert.Throws<NotSupportedException>(() => rom.WriteOnEvent<uint>(_counter.Handle, 0, 1));
        _bar0.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _bar0.WriteOnEvent<uint>(_counter.Handle, 0, 1));
        Assert.Empty(_backend.Events);
    }

    [Fact]
    public void A_refusal_by_the_kernel_leaves_nothing_to_remove()
    {
        _backend.SettingEvent = _ => throw new VfioException("VFIO_DEVICE_IOEVENTFD", "BAR0", Errno.EEXIST);
        Assert.Equal(
            Errno.EEXIST, Assert.Throws<VfioException>(() => _bar0.WriteOnEvent<uint>(_counter.Handle, 0, 1)).Errno);
        _bar0.Dispose();
    }

    [Fact]
    public void A_device_that_was_closed_has_ended_them()
    {
        IDisposable write = _bar0.WriteOnEvent<uint>(_counter.Handle, 0, 1);
        _backend.SettingEvent = eventFd => ObjectDisposedException.ThrowIf(eventFd is null, this);
        write.Dispose();
        _device.Dispose();
    }

    [Fact]
    public void A_backend_without_events_throws()
    {
        using MemoryBackend memory = new();
        memory.Add(RegionIndex.Bar0, 0x1000);
        using VfioDevice device = new(memory, PciAddress.Parse("0000:00:14.3"));
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        Assert.Throws<NotSupportedException>(() => bar0.WriteOnEvent<uint>(_counter.Handle, 0, 1));
    }
}
