namespace Vfio;

/// <summary>
/// Specifies the migration states of a device. The values are those of <c>enum vfio_device_mig_state</c> in
/// <c>linux/vfio.h</c>.
/// </summary>
public enum MigrationState
{
    /// <summary>
    /// The device failed. Only a reset (<see cref="DeviceMigration.Reset"/>) brings it back, to <see cref="Running"/>.
    /// This state cannot be set.
    /// </summary>
    Error = 0,

    /// <summary>
    /// The device is stopped: it sends no interrupts and no DMA, and its state does not change. It must not be used.
    /// </summary>
    Stop = 1,

    /// <summary>The device runs. It is in this state after it was opened or reset.</summary>
    Running = 2,

    /// <summary>The device is stopped, and its state can be read.</summary>
    StopCopy = 3,

    /// <summary>The device is stopped and accepts a state. To abandon it, reset the device.</summary>
    Resuming = 4,

    /// <summary>
    /// The device runs, but starts no transfers to other devices. Requires
    /// <see cref="MigrationCapabilities.PeerToPeer"/>.
    /// </summary>
    RunningPeerToPeer = 5,

    /// <summary>
    /// The device runs, and a first part of its state can be read. Requires
    /// <see cref="MigrationCapabilities.PreCopy"/>.
    /// </summary>
    PreCopy = 6,

    /// <summary>
    /// Combines <see cref="PreCopy"/> and <see cref="RunningPeerToPeer"/>. Requires both capabilities.
    /// </summary>
    PreCopyPeerToPeer = 7,
}
