using Vfio.Interop;
using Vfio.Interop.Uapi;

namespace Vfio.Backends;

// Its migration, and its record of writes.
internal sealed partial class DeviceFile
{
    public int SetMigrationState(uint state, out IMigrationData? data) => MigrationFeatures.SetMigrationState(this, calls, state, out data);

    public int StartDmaLog(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize)
    {
        VfioUapi.vfio_device_feature_dma_logging_range[] list = new VfioUapi.vfio_device_feature_dma_logging_range[ranges.Length];
        for (int i = 0; i < list.Length; i++)
        {
            list[i] = new VfioUapi.vfio_device_feature_dma_logging_range { iova = ranges[i].First.Value, length = ranges[i].Last.Value - ranges[i].First.Value + 1 };
        }

        return VfioDeviceIoctl.StartDmaLogging(calls, device, list, ref pageSize);
    }

    public int ReadDmaLog(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) =>
        VfioDeviceIoctl.ReportDmaLog(calls, device, iova, length, pageSize, bitmap);
}
