using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop;
using Vfio.Interop.Uapi;

namespace Vfio.Backends;

/// <summary>The features of migration and of the record of writes that are a structure in and out, over the seam. The errno comes back, 0 where it worked.</summary>
internal static class MigrationFeatures
{
    /// <summary>Which states the device has besides running and error: VFIO_MIGRATION_*.</summary>
    public static int GetMigrationFlags(this IDeviceBackend device, out ulong flags)
    {
        int errno = Get(device, "VFIO_DEVICE_FEATURE_MIGRATION", VfioUapi.VFIO_DEVICE_FEATURE_MIGRATION, out VfioUapi.vfio_device_feature_migration answer);
        flags = answer.flags;
        return errno;
    }

    public static int GetMigrationState(this IDeviceBackend device, out uint state)
    {
        int errno = Get(device, "VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE", VfioUapi.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, out VfioUapi.vfio_device_feature_mig_state answer);
        state = answer.device_state;
        return errno;
    }

    /// <summary>How <see cref="IDeviceBackend.SetMigrationState"/> is done by the kernel's structure, whose descriptor becomes the session.</summary>
    public static int SetMigrationState(IDeviceBackend device, SystemCalls calls, uint state, out IMigrationData? data)
    {
        VfioUapi.vfio_device_feature_mig_state request = new() { device_state = state, data_fd = -1 };
        int errno = device.Feature(
            "VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE", VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, AsBytes(ref request), out _);
        // Where the call failed the kernel has not filled the field: what is in it is not ours to close.
        data = errno == 0 && request.data_fd >= 0 ? new MigrationFile(calls, new SafeFileHandle(request.data_fd, ownsHandle: true)) : null;
        return errno;
    }

    /// <summary>How long the state would be that is read of the stopped device, an estimate.</summary>
    public static int GetMigrationDataSize(this IDeviceBackend device, out ulong length)
    {
        int errno = Get(device, "VFIO_DEVICE_FEATURE_MIG_DATA_SIZE", VfioUapi.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, out VfioUapi.vfio_device_feature_mig_data_size answer);
        length = answer.stop_copy_length;
        return errno;
    }

    /// <summary>Has the device say when what is left to be read began anew (VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2).</summary>
    public static int AskForPreCopyFlags(this IDeviceBackend device) => device.Feature(
        "VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2", VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, [], out _);

    /// <summary>Whether the device can keep a record of what it writes.</summary>
    public static int ProbeDmaLog(this IDeviceBackend device) => device.Feature(
        "VFIO_DEVICE_FEATURE_DMA_LOGGING_START",
        VfioUapi.VFIO_DEVICE_FEATURE_PROBE | VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_START, [], out _);

    public static int StopDmaLog(this IDeviceBackend device) => device.Feature(
        "VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP", VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, [], out _);

    private static int Get<T>(IDeviceBackend device, string name, uint feature, out T answer)
        where T : unmanaged
    {
        answer = default;
        return device.Feature(name, VfioUapi.VFIO_DEVICE_FEATURE_GET | feature, AsBytes(ref answer), out _);
    }

    private static Span<byte> AsBytes<T>(ref T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref value));
}
