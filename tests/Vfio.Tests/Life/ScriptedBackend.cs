using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Represents a device whose regions are memory, and that answers requests about resets, features and events as a test
/// specifies.
/// </summary>
internal sealed class ScriptedBackend : IDeviceBackend, IBusReset, IDeviceFeatures, IWriteOnEvent
{
    public delegate int FeatureHandler(string name, uint flags, Span<byte> data);

    public MemoryBackend Memory { get; } = new();

    public uint RegionCount { get; init; } = 9;

    public AtomicCompletions Atomics { get; init; }

    public Func<HotResetInfo> HotResetInfo { get; set; } = () => throw new VfioException(
        "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", "fake", Errno.ENODEV);

    public Action<IReadOnlyList<IDeviceBackend>> HotResetting { get; set; } = _ => { };

    public FeatureHandler Features { get; set; } = (_, _, _) => Errno.ENOTTY;

    public List<string> Events { get; } = [];

    /// <summary>Called when an event is set or removed; may throw.</summary>
    public Action<SafeFileHandle?> SettingEvent { get; set; } = _ => { };

    public string Name => "scripted";

    public DeviceInfo GetInfo() => new(RegionCount, InterruptCount: 5, CanReset: true, Atomics);

    public RegionInfo GetRegionInfo(RegionIndex region) => Memory.GetRegionInfo(region);

    public void ReadRegion(RegionInfo region, ulong offset, Span<byte> data) => Memory.ReadRegion(region, offset, data);

    public void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data) =>
        Memory.WriteRegion(region, offset, data);

    public MappedMemory MapArea(RegionInfo region, MappableArea area) => Memory.MapArea(region, area);

    public void Reset() => Memory.Reset();

    public HotResetInfo GetHotResetInfo() => HotResetInfo();

    public void HotReset(IReadOnlyList<IDeviceBackend> owned) => HotResetting(owned);

    public int Feature(string name, uint flags, Span<byte> data, out int result)
    {
        result = 0;
        return Features(name, flags, data);
    }

    public void SetWriteOnEvent(RegionInfo region, ulong offset, int width, ulong value, SafeFileHandle? eventFd)
    {
        SettingEvent(eventFd);
        Events.Add($"{(eventFd is null ? "end" : "set")} {region.Index}+{offset:x} {width} {value:x}");
    }

    public IrqInfo GetInterruptInfo(IrqIndex index) => Memory.GetInterruptInfo(index);

    public int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds) =>
        throw new NotSupportedException();

    public void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd) =>
        throw new NotSupportedException();

    public void SetInterrupts(IrqIndex index, IrqAction action, int start, int count) =>
        throw new NotSupportedException();

    public void DisableInterrupts(IrqIndex index) => throw new NotSupportedException();

    public void Dispose() => Memory.Dispose();
}
