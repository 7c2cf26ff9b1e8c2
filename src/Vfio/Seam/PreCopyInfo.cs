namespace Vfio;

/// <summary>
/// How much of its state a device that runs has to give now (<c>struct vfio_precopy_info</c>). Estimates, and no
/// promise of what comes once it stands still.
/// </summary>
public readonly record struct PreCopyInfo
{
    /// <summary>Creates a value.</summary>
    /// <param name="initialBytes">What is left of the first part, in bytes; leaving before it is 0 may make things
    /// slower.</param>
    /// <param name="dirtyBytes">What has changed of what was read already, in bytes.</param>
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

    /// <summary>Gets what is left of the first part, in bytes; leaving before it is 0 may make things slower.</summary>
    public ulong InitialBytes { get; init; }

    /// <summary>Gets what has changed of what was read already, in bytes.</summary>
    public ulong DirtyBytes { get; init; }

    /// <summary>
    /// Gets whether the first part was started again, because the device was reconfigured. Reported by kernels that
    /// have <c>VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2</c>, as 7.2 has.
    /// </summary>
    public bool Reinitialized { get; init; }
}
