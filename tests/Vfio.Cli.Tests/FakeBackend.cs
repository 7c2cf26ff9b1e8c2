using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary>Represents a device whose registers are bytes in memory, and which counts how it is used.</summary>
internal sealed class FakeBackend : IDeviceBackend, IBusReset, IFaultSource
{
    private readonly Dictionary<RegionIndex, (RegionInfo Info, byte[] Bytes)> _regions = [];
    private readonly Dictionary<RegionIndex, byte[]> _initial = [];

    public List<string> Accesses { get; } = [];

    public bool IsDisposed { get; private set; }

    /// <summary>
    /// Called before a read, which then sees the changes it made to the bytes. It may throw, like a device that no
    /// longer exists.
    /// </summary>
    public Action<RegionIndex, ulong>? Reading { get; set; }

    public bool CanReset { get; init; } = true;

    public string Name { get; init; } = "fake";

    /// <summary>Whether to record the disposal too.</summary>
    public bool IsLogged { get; set; }

    /// <summary>The transfers that were stopped.</summary>
    public Func<IReadOnlyList<IommuFault>?> Faults { get; init; } = () => null;

    public void Add(RegionIndex index, byte[] bytes, bool canWrite = true)
    {
        _initial[index] = [.. bytes];
        _regions[index] = (
            new RegionInfo(
                index, (ulong)bytes.Length, canRead: true, canWrite, [new MappableArea(0, (ulong)bytes.Length)], 0),
            bytes);
    }

    /// <summary>The devices that a reset of its bus affects.</summary>
    public Func<HotResetInfo>? HotResets { get; init; }

    public HotResetInfo GetHotResetInfo() => HotResets?.Invoke()
        ?? throw new VfioException("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", "fake", 19, "no bridge is above the device");

    public void HotReset(IReadOnlyList<IDeviceBackend> owned) => Accesses.Add($"reset of the bus, {owned.Count} owned");

    public DeviceInfo GetInfo() => new(RegionCount: 9, InterruptCount: 0, CanReset);

    public RegionInfo GetRegionInfo(RegionIndex region) =>
        _regions.TryGetValue(region, out (RegionInfo Info, byte[] Bytes) found)
            ? found.Info
            : new RegionInfo(region, 0, canRead: false, canWrite: false, [], 0);

    public void ReadRegion(RegionInfo region, ulong offset, Span<byte> data)
    {
        Accesses.Add($"read {region.Index}+{offset} {data.Length}");
        Reading?.Invoke(region.Index, offset);
        _regions[region.Index].Bytes.AsSpan((int)offset, data.Length).CopyTo(data);
    }

    public void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data)
    {
        Accesses.Add($"write {region.Index}+{offset} {Convert.ToHexStringLower(data)}");
        data.CopyTo(_regions[region.Index].Bytes.AsSpan((int)offset));
    }

    public IrqInfo GetInterruptInfo(IrqIndex index) =>
        new(index, 0, canSignal: false, isMaskable: false, isAutomasked: false, isFixed: false);

    public int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds) =>
        throw new NotSupportedException();

    public void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd) =>
        throw new NotSupportedException();

    public void SetInterrupts(IrqIndex index, IrqAction action, int start, int count) =>
        throw new NotSupportedException();

    public void DisableInterrupts(IrqIndex index) => throw new NotSupportedException();

    public MappedMemory MapArea(RegionInfo region, MappableArea area) =>
        throw new InvalidOperationException("the register commands go through the file descriptor");

    public void Reset()
    {
        Accesses.Add("reset");
        foreach ((RegionIndex index, byte[] bytes) in _initial)
        {
            bytes.CopyTo(_regions[index].Bytes, 0);
        }
    }

    public IReadOnlyList<IommuFault> TakeFaults() => Faults() ?? [];

    public void Dispose()
    {
        IsDisposed = true;
        if (IsLogged)
        {
            Accesses.Add("device closed");
        }
    }
}
