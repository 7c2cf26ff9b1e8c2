using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// The record of what a device writes: the features that carry pointers. The errno comes back, 0 where it worked.
internal static unsafe partial class VfioDeviceIoctl
{
    /// <summary>Starts the record (VFIO_DEVICE_FEATURE_DMA_LOGGING_START).</summary>
    /// <param name="calls">Who makes the call.</param>
    /// <param name="device">The device.</param>
    /// <param name="ranges">What is watched.</param>
    /// <param name="pageSize">What a bit is to stand for; then what the device chose.</param>
    public static int StartDmaLogging(
        SystemCalls calls,
        SafeFileHandle device,
        ReadOnlySpan<VfioUapi.vfio_device_feature_dma_logging_range> ranges,
        ref ulong pageSize)
    {
        fixed (VfioUapi.vfio_device_feature_dma_logging_range* start = ranges)
        {
            VfioUapi.vfio_device_feature_dma_logging_control control =
                new() { page_size = pageSize, num_ranges = (uint)ranges.Length, ranges = (ulong)start };
            int errno = Feature(
                calls,
                "VFIO_DEVICE_FEATURE_DMA_LOGGING_START",
                device,
                VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
                MemoryMarshal.AsBytes(new Span<VfioUapi.vfio_device_feature_dma_logging_control>(ref control)),
                out _);
            pageSize = errno == 0 ? control.page_size : pageSize;
            return errno;
        }
    }

    /// <summary>
    /// Adds the bits of pages that were written since the last time (VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT).
    /// </summary>
    public static int ReportDmaLog(
        SystemCalls calls, SafeFileHandle device, ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap)
    {
        fixed (ulong* start = bitmap)
        {
            VfioUapi.vfio_device_feature_dma_logging_report report =
                new() { iova = iova, length = length, page_size = pageSize, bitmap = (ulong)start };
            return Feature(
                calls,
                "VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT",
                device,
                VfioUapi.VFIO_DEVICE_FEATURE_GET | VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
                MemoryMarshal.AsBytes(new Span<VfioUapi.vfio_device_feature_dma_logging_report>(ref report)),
                out _);
        }
    }
}
