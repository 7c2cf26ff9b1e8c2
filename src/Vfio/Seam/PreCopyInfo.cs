namespace Vfio;

/// <summary>
/// Estimates how much state a running device has now (<c>struct vfio_precopy_info</c>). It does not limit how much
/// there is once the device is stopped.
/// </summary>
public readonly record struct PreCopyInfo
{
    /// <summary>Creates a value.</summary>
    /// <param name="initialBytes">
    /// The rest of the first part, in bytes. Stopping the device before it is 0 may make the rest slower.
    /// </param>
    /// <param name="dirtyBytes">The bytes that have changed since they were read.</param>
    /// <param name="reinitialized">
    /// Whether the first part was started again, because the device was reconfigured. Reported by kernels that have
    /// <c>VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2</c>, as 7.2 has.
    /// </param>
    public PreCopyInfo(ulong initialBytes, ulong dirtyBytes, bool reinitialized)
    {
        InitialBytes = initialBytes;
        DirtyBytes = dirtyBytes;
        Reinitialized = reinitialized;
    }

    /// <summary>
    /// Gets the rest of the first part, in bytes. Stopping the device before it is 0 may make the rest slower.
    /// </summary>
    public ulong InitialBytes { get; init; }

    /// <summary>Gets the bytes that have changed since they were read.</summary>
    public ulong DirtyBytes { get; init; }

    /// <summary>
    /// Gets whether the first part was started again, because the device was reconfigured. Reported by kernels that
    /// have <c>VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2</c>, as 7.2 has.
    /// </summary>
    public bool Reinitialized { get; init; }
}
