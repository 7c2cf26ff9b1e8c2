using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Implements the library's backend interface for a device model: trapped accesses are method calls, and mapped memory
/// is memory of this process.
/// </summary>
internal sealed partial class InProcessBackend(ModelSession session)
    : IDeviceBackend, IBusReset, IWriteOnEvent, IFaultSource, IDeviceClock
{
    // The numbering of vfio-pci: six BARs, ROM, configuration space, VGA; INTx, MSI, MSI-X, error, request.
    private const uint RegionCount = 9;
    private const uint InterruptCount = 5;

    private readonly Lock _lock = new();
    private EventSource? _unmask; // under _lock

    public string Name => "in-process";

    public TimeProvider Clock => session.Clock;

    public void Pass(TimeSpan time) => session.Pass(time);

    public DeviceInfo GetInfo() => new(RegionCount, InterruptCount, session.CanReset);

    public RegionInfo GetRegionInfo(RegionIndex region) => session.GetRegionInfo(region);

    public void ReadRegion(RegionInfo region, ulong offset, Span<byte> data)
    {
        ulong value = session.Read(region.Index, offset, data.Length);
        switch (data.Length)
        {
            case 1: data[0] = (byte)value; break;
            case 2: BinaryPrimitives.WriteUInt16LittleEndian(data, (ushort)value); break;
            case 4: BinaryPrimitives.WriteUInt32LittleEndian(data, (uint)value); break;
            default: BinaryPrimitives.WriteUInt64LittleEndian(data, value); break;
        }
    }

    public void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data) => session.Write(
        region.Index, offset, data.Length, data.Length switch
        {
            1 => data[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(data),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(data),
            8 => BinaryPrimitives.ReadUInt64LittleEndian(data),
            _ => 0, // the session refuses it
        });

    public MappedMemory MapArea(RegionInfo region, MappableArea area) => session.Map(region.Index, area);

    public void Reset() => session.Reset();

    public IReadOnlyList<IommuFault> TakeFaults() => session.TakeFaults();

    public IrqInfo GetInterruptInfo(IrqIndex index) => session.GetInterruptInfo(index);

    public int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds)
    {
        session.SetTriggers(index, start, eventFds);
        return 0;
    }

    public void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd)
    {
        lock (_lock)
        {
            EndUnmask();
            session.CheckUnmaskTrigger(index, subindex);
            _unmask = eventFd is null
                ? null
                : new EventSource(Events(), eventFd, session.Name, _ => session.UnmaskIntxByEvent());
        }
    }

    public void SetInterrupts(IrqIndex index, IrqAction action, int start, int count) =>
        session.SetInterrupts(index, action, start, count);

    public void DisableInterrupts(IrqIndex index)
    {
        session.DisableInterrupts(index);
        if (index == IrqIndex.Intx)
        {
            EndUnmask();
        }
    }

    public void Dispose()
    {
        EndUnmask();
        EndEventWrites();
        session.Dispose();
    }

    private void EndUnmask()
    {
        lock (_lock)
        {
            _unmask?.Dispose();
            _unmask = null;
        }
    }
}
