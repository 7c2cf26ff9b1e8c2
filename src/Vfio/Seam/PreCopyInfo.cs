namespace Vfio;

/// <summary>How much of its state a device that runs has to give now (<c>struct vfio_precopy_info</c>). Estimates, and no promise of what comes once it stands still.</summary>
/// <param name="InitialBytes">What is left of the first part, in bytes; leaving before it is 0 may make things slower.</param>
/// <param name="DirtyBytes">What has changed of what was read already, in bytes.</param>
/// <param name="Reinitialized">The first part began anew, since the device was reconfigured. Told where the kernel has <c>VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2</c>; 7.2 has.</param>
public readonly record struct PreCopyInfo(ulong InitialBytes, ulong DirtyBytes, bool Reinitialized);
