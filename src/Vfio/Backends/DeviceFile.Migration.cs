using Microsoft.Win32.SafeHandles;

namespace Vfio;

// The migration of the device, and its dirty tracking.
internal sealed partial class DeviceFile
{
    public int SetMigrationState(uint state, out IMigrationData? data) =>
        SetMigrationState(this, calls, state, out data);

    /// <summary>
    /// Sets the migration state of a device through the kernel's structure; the descriptor in the answer becomes the
    /// session.
    /// </summary>
    public static int SetMigrationState(IDeviceFeatures device, SystemCalls calls, uint state, out IMigrationData? data)
    {
        VfioUapi.vfio_device_feature_mig_state request = new() { device_state = state, data_fd = -1 };
        int errno = device.Feature(
            "VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE",
            VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
            MigrationFeatures.AsBytes(ref request),
            out _);
        // If the call failed, the kernel has not filled in the field: the number in it is not a descriptor of ours.
        data = errno == 0 && request.data_fd >= 0
            ? new MigrationFile(calls, new SafeFileHandle(request.data_fd, ownsHandle: true))
            : null;
        return errno;
    }

    public int StartDmaLog(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize)
    {
        VfioUapi.vfio_device_feature_dma_logging_range[] list =
            new VfioUapi.vfio_device_feature_dma_logging_range[ranges.Length];
        for (int i = 0; i < list.Length; i++)
        {
            list[i] = new VfioUapi.vfio_device_feature_dma_logging_range
            {
                iova = ranges[i].First.Value,
                length = ranges[i].Last.Value - ranges[i].First.Value + 1,
            };
        }

        return VfioDeviceIoctl.StartDmaLogging(calls, device, list, ref pageSize);
    }

    public int ReadDmaLog(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) =>
        VfioDeviceIoctl.ReportDmaLog(calls, device, iova, length, pageSize, bitmap);
}
