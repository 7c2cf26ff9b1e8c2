namespace Vfio.Tests;

/// <summary>A device's own dirty tracking, on a fake: no device of the machine supports it.</summary>
public sealed class DeviceWriteLogOfAFakeTests : IDisposable
{
    private static readonly IovaRange[] Ranges =
        [new(new Iova(0x100000), new Iova(0x1fffff)), new(new Iova(0), new Iova(0xffff))];

    private readonly MigratingBackend _backend = new(MigrationCapabilities.None);
    private readonly VfioDevice _device;

    public DeviceWriteLogOfAFakeTests() => _device = new VfioDevice(_backend, default);

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
    }

    [Fact]
    public void It_reports_each_dirty_page_once()
    {
        Assert.True(_device.SupportsDirtyTracking());
        using DeviceDirtyTracker log = _device.StartDirtyTracking(Ranges);
        Assert.Equal((4096ul, new Iova(0)), (log.PageSize, log.Ranges[0].First));
        _backend.Writes.Write(0x100000);
        _backend.Writes.Write(0x100fff);
        _backend.Writes.Write(0x141000);
        _backend.Writes.Write(0x3000);
        _backend.Writes.Write(0x50000); // not watched
        ulong[] bitmap = [.. Enumerable.Repeat(ulong.MaxValue, 5)];
        Assert.Equal(2, log.Read(new Iova(0x100000), 0x100000, bitmap));
        Assert.Equal([1ul, 1ul << 1, 0, 0, ulong.MaxValue], bitmap);
        Assert.Equal(0, log.Read(new Iova(0x100000), 0x100000, bitmap));
        Assert.Equal(1, log.Read(new Iova(0x2000), 0x2000, bitmap));
        Assert.Equal(2ul, bitmap[0]);
    }

    [Fact]
    public void The_device_may_choose_another_page()
    {
        _backend.Writes.PageSize = 65536;
        using DeviceDirtyTracker log = _device.StartDirtyTracking(Ranges, pageSize: 4096);
        Assert.Equal(65536ul, log.PageSize);
        Assert.Throws<ArgumentException>(() => log.Read(new Iova(0), 4096, new ulong[1]));
        _backend.Writes.Write(0x12345 + 0x100000);
        ulong[] bitmap = new ulong[1];
        Assert.Equal(1, log.Read(new Iova(0x100000), 0x100000, bitmap));
        Assert.Equal(2ul, bitmap[0]);
    }

    [Theory]
    [InlineData(1ul)]
    [InlineData(2048ul)]
    [InlineData(12288ul)]
    public void An_invalid_page_is_ignored(ulong size)
    {
        _backend.Writes.PageSize = size;
        Assert.Throws<VfioException>(() => _device.StartDirtyTracking(Ranges));
        Assert.False(_backend.Writes.IsRunning);
        _backend.Writes.PageSize = 0;
        using DeviceDirtyTracker log = _device.StartDirtyTracking(Ranges);
    }

    [Fact]
    public void What_is_not_whole_pages_or_overlaps_is_refused_before_the_device_is_asked()
    {
        Assert.Throws<ArgumentException>(() => _device.StartDirtyTracking([]));
        foreach ((ulong first, ulong last) in ((ulong, ulong)[])[
            (1, 0xfff),
            (0, 0x1000),
            (0x2000, 0x1fff),
            (0, ulong.MaxValue),
            (0x1000, 0xfff),
        ])
        {
            Assert.Throws<ArgumentException>(() => _device.StartDirtyTracking([new(new Iova(first), new Iova(last))]));
        }

        Assert.Throws<ArgumentException>(() => _device.StartDirtyTracking(
            [new(new Iova(0), new Iova(0x1fff)), new(new Iova(0x1000), new Iova(0x2fff))]));
        foreach (ulong page in (ulong[])[0, 1, 2048, 12288])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => _device.StartDirtyTracking(Ranges, page));
        }

        Assert.False(_backend.Writes.IsRunning);
        using DeviceDirtyTracker log = _device.StartDirtyTracking(Ranges);
        ulong[] bitmap = new ulong[4];
        foreach ((ulong first, ulong length) in ((ulong, ulong)[])[
            (0, 0),
            (1, 4096),
            (0, 100),
            (0x10000, 4096),
            (0xf000, 8192),
            (0x1ff000, 8192),
            (ulong.MaxValue - 4095, 8192),
            (0, ulong.MaxValue - 4095),
        ])
        {
            Assert.Throws<ArgumentException>(() => log.Read(new Iova(first), length, bitmap));
        }

        Assert.Throws<ArgumentException>(() => log.Read(new Iova(0x100000), 0x100000, bitmap.AsSpan(0, 3)));
    }

    [Fact]
    public void There_is_one_at_a_time_and_it_ends_with_the_device()
    {
        DeviceDirtyTracker log = _device.StartDirtyTracking(Ranges);
        Assert.Throws<InvalidOperationException>(() => _device.StartDirtyTracking(Ranges));
        log.Dispose();
        log.Dispose();
        Assert.False(_backend.Writes.IsRunning);
        Assert.Throws<ObjectDisposedException>(() => log.Read(new Iova(0), 4096, new ulong[1]));
        DeviceDirtyTracker next = _device.StartDirtyTracking(Ranges);
        _device.Dispose();
        Assert.False(_backend.Writes.IsRunning);
        Assert.Throws<ObjectDisposedException>(() => next.Read(new Iova(0), 4096, new ulong[1]));
        Assert.Throws<ObjectDisposedException>(() => _device.StartDirtyTracking(Ranges));
    }

    [Fact]
    public void Ranges_that_are_not_whole_pages_of_the_device_are_refused_and_dirty_tracking_is_stopped()
    {
        _backend.Writes.PageSize = 65536;
        VfioException refusal = Assert.Throws<VfioException>(
            () => _device.StartDirtyTracking([new(new Iova(0x1000), new Iova(0x2fff))]));
        Assert.Contains("pageSize 65536", refusal.Hint, StringComparison.Ordinal);
        Assert.False(_backend.Writes.IsRunning);
    }

    [Fact]
    public void Refusals_of_the_device_say_what_to_do()
    {
        _backend.Writes.MostRanges = 1;
        Assert.Contains(
            "256",
            Assert.Throws<VfioException>(() => _device.StartDirtyTracking(Ranges)).Hint,
            StringComparison.Ordinal);
        _backend.Writes.MostRanges = 2;
        using (DeviceDirtyTracker log = _device.StartDirtyTracking(Ranges))
        {
            _backend.Writes.ReadErrno = Errno.EIO;
            VfioException failure = Assert.Throws<VfioException>(() => log.Read(new Iova(0), 4096, new ulong[1]));
            Assert.Contains("treat all pages as written", failure.Hint, StringComparison.Ordinal);
        }

        _backend.Writes.CanLog = false;
        Assert.False(_device.SupportsDirtyTracking());
        Assert.Throws<NotSupportedException>(() => _device.StartDirtyTracking(Ranges));
    }
}
