using Vfio.Interop;

namespace Vfio.Backends;

// Its migration, and its record of writes.
internal sealed partial class DeviceFile
{
    public int SetMigrationState(uint state, out IMigrationData? data) => MigrationFeatures.SetMigrationState(this, calls, state, out data);

    public int StartDmaLog(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize) => VfioDeviceIoctl.StartDmaLogging(calls, device, ranges, ref pageSize);

    public int ReadDmaLog(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) =>
        VfioDeviceIoctl.ReportDmaLog(calls, device, iova, length, pageSize, bitmap);
}
