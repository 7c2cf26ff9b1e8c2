using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Represents a device whose regions are shared memory, which is also how a device model provides its BARs, so that
/// mapping, revoking and the accesses themselves are the real ones.
/// </summary>
internal sealed class MemoryBackend : IDeviceBackend
{
    private const ulong RegionStride = 1ul << 40;

    private readonly Dictionary<RegionIndex, RegionInfo> _regions = [];
    private readonly SafeFileHandle _file;
    private readonly List<string> _log = [];
    private readonly Lock _lock = new();

    public MemoryBackend()
    {
        _file = Libc.MemfdCreate(MemoryName, Libc.MFD_CLOEXEC);
        Assert.False(_file.IsInvalid);
    }

    /// <summary>The name by which <c>/proc/self/maps</c> shows this device's memory.</summary>
    public string MemoryName { get; } = $"vfio-test-{Guid.NewGuid():N}";

    public string Name => "memory";

    /// <summary>Every access through the backend, every map and the disposal, in order.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_lock)
            {
                return [.. _log];
            }
        }
    }

    /// <summary>Gets which call of <see cref="MapArea"/> fails, counted from 1; 0 for none.</summary>
    public int FailingMap { get; set; }

    /// <summary>
    /// Gets whether mappings are those of a device, which may stop answering: <see cref="TakeAway"/>.
    /// </summary>
    public bool IsGuarded { get; set; }

    /// <summary>Called in the middle of a read through the backend, after the register was read.</summary>
    public Action? Reading { get; set; }

    /// <summary>Gets the number of mappings that were created.</summary>
    public int Maps { get; private set; }

    /// <summary>Adds a region; by default, all of it may be mapped.</summary>
    public RegionInfo Add(
        RegionIndex index, ulong length, bool canRead = true, bool canWrite = true, params MappableArea[] areas)
    {
        RegionInfo info = new(
            index,
            length,
            canRead,
            canWrite,
            areas.Length == 0 ? [new MappableArea(0, length)] : areas,
            (ulong)index % 8 * RegionStride);
        _regions[index] = info;
        if (length != 0)
        {
            // Files may have holes, so regions are as far apart as in the kernel.
            Check(PositionedIo.Write(_file, [0], (long)(info.FileOffset + length - 1), out _));
        }

        return info;
    }

    /// <summary>Adds a region that cannot be mapped.</summary>
    public RegionInfo AddUnmappable(RegionIndex index, ulong length)
    {
        _ = Add(index, length);
        RegionInfo info = _regions[index];
        return _regions[index] = new RegionInfo(index, length, info.CanRead, info.CanWrite, [], info.FileOffset);
    }

    /// <summary>Reads the device's memory directly.</summary>
    public byte[] Peek(RegionIndex index, ulong offset, int count)
    {
        byte[] bytes = new byte[count];
        Check(PositionedIo.Read(_file, bytes, (long)(_regions[index].FileOffset + offset), out nint done));
        Assert.Equal(count, done);
        return bytes;
    }

    /// <summary>Changes the device's memory directly.</summary>
    public void Poke(RegionIndex index, ulong offset, ReadOnlySpan<byte> bytes) =>
        Check(PositionedIo.Write(_file, bytes, (long)(_regions[index].FileOffset + offset), out _));

    /// <summary>
    /// Makes mapped accesses fail from now on: the kernel sends SIGBUS, as it does for a device that is switched off.
    /// </summary>
    public void TakeAway() => Assert.Equal(0, Libc.FTruncate(_file, 0));

    /// <summary>Restores the memory, filled with zeroes.</summary>
    public void GiveBack()
    {
        foreach (RegionInfo region in _regions.Values.Where(region => region.Length != 0))
        {
            Check(PositionedIo.Write(_file, [0], (long)(region.FileOffset + region.Length - 1), out _));
        }
    }

    public DeviceInfo GetInfo() => new(RegionCount: 9, InterruptCount: 5, CanReset: true);

    public RegionInfo GetRegionInfo(RegionIndex region) =>
        _regions.TryGetValue(region, out RegionInfo? info) ? info : new RegionInfo(region, 0, false, false, [], 0);

    public void ReadRegion(RegionInfo region, ulong offset, Span<byte> data)
    {
        Note($"read {region.Index}+{offset:x} {data.Length}");
        Check(PositionedIo.Read(_file, data, (long)(region.FileOffset + offset), out _));
        Reading?.Invoke();
    }

    public void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data)
    {
        Note($"write {region.Index}+{offset:x} {data.Length}"
            + $"{(region.Index == RegionIndex.Config ? $": {Convert.ToHexStringLower(data)}" : "")}");
        Check(PositionedIo.Write(_file, data, (long)(region.FileOffset + offset), out _));
    }

    public void Reset() => Note("reset");

    public IrqInfo GetInterruptInfo(IrqIndex index) =>
        new(index, 0, canSignal: false, isMaskable: false, isAutomasked: false, isFixed: false);

    public int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds) =>
        throw new NotSupportedException();

    public void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd) =>
        throw new NotSupportedException();

    public void SetInterrupts(IrqIndex index, IrqAction action, int start, int count) =>
        throw new NotSupportedException();

    public void DisableInterrupts(IrqIndex index) => throw new NotSupportedException();

    public MappedMemory MapArea(RegionInfo region, MappableArea area)
    {
        Note($"map {region.Index}+{area.Offset:x} {area.Length:x}");
        if (++Maps == FailingMap)
        {
            throw new VfioException("mmap", region.Index.ToString(), Errno.EINVAL);
        }

        (long place, nuint length, string name) =
            ((long)(region.FileOffset + area.Offset), (nuint)area.Length, region.Index.ToString());
        return IsGuarded
            ? MappedMemory.MapDevice(_file, place, length, region.CanRead, region.CanWrite, name)
            : MappedMemory.Map(_file, place, length, region.CanRead, region.CanWrite, name);
    }

    public void Dispose()
    {
        Note("dispose");
        _file.Dispose();
    }

    private void Note(string what)
    {
        lock (_lock)
        {
            _log.Add(what);
        }
    }

    private static void Check(int errno) => Assert.Equal(0, errno);
}
