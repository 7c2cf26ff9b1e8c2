using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Calls the features for migration and dirty tracking that pass one structure in and out. They return the errno; 0 on
/// success.
/// </summary>
internal static class MigrationFeatures
{
    /// <summary>Gets which optional migration states the device supports: VFIO_MIGRATION_*.</summary>
    public static int GetMigrationFlags(this IDeviceBackend device, out ulong flags)
    {
        int errno = Get(
            device,
            "VFIO_DEVICE_FEATURE_MIGRATION",
            VfioUapi.VFIO_DEVICE_FEATURE_MIGRATION,
            out VfioUapi.vfio_device_feature_migration answer);
        flags = answer.flags;
        return errno;
    }

    public static int GetMigrationState(this IDeviceBackend device, out uint state)
    {
        int errno = Get(
            device,
            "VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE",
            VfioUapi.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
            out VfioUapi.vfio_device_feature_mig_state answer);
        state = answer.device_state;
        return errno;
    }

    /// <summary>Gets the estimated length of the state if the device were stopped now.</summary>
    public static int GetMigrationDataSize(this IDeviceBackend device, out ulong length)
    {
        int errno = Get(
            device,
            "VFIO_DEVICE_FEATURE_MIG_DATA_SIZE",
            VfioUapi.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
            out VfioUapi.vfio_device_feature_mig_data_size answer);
        length = answer.stop_copy_length;
        return errno;
    }

    /// <summary>
    /// Asks the device to report when the data that remains was started again (VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2).
    /// </summary>
    public static int AskForPreCopyFlags(this IDeviceBackend device) => device.CallFeature(
        "VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2",
        VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2,
        [],
        out _);

    /// <summary>Gets whether the device can track the pages that it writes.</summary>
    public static int ProbeDmaLog(this IDeviceBackend device) => device.CallFeature(
        "VFIO_DEVICE_FEATURE_DMA_LOGGING_START",
        VfioUapi.VFIO_DEVICE_FEATURE_PROBE
        | VfioUapi.VFIO_DEVICE_FEATURE_SET
        | VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
        [],
        out _);

    public static int StopDmaLog(this IDmaLog device) => device.Feature(
        "VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP",
        VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
        [],
        out _);

    private static int Get<T>(IDeviceBackend device, string name, uint feature, out T answer)
        where T : unmanaged
    {
        answer = default;
        return device.CallFeature(name, VfioUapi.VFIO_DEVICE_FEATURE_GET | feature, AsBytes(ref answer), out _);
    }

    public static Span<byte> AsBytes<T>(ref T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref value));
}
