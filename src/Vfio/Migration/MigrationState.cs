namespace Vfio;

/// <summary>
/// The states of a device's migration, numbered as VFIO numbers them (<c>enum vfio_device_mig_state</c> in
/// <c>linux/vfio.h</c>).
/// </summary>
public enum MigrationState
{
    /// <summary>
    /// The device failed, and only a reset brings it back (<see cref="DeviceMigration.Reset"/>), to
    /// <see cref="Running"/>. Cannot be asked for.
    /// </summary>
    Error = 0,

    /// <summary>
    /// The device stands still: no interrupts, no DMA, its state does not change. It must not be used.
    /// </summary>
    Stop = 1,

    /// <summary>The device runs: what it is in when it was opened or reset.</summary>
    Running = 2,

    /// <summary>The device stands still, and its state can be read.</summary>
    StopCopy = 3,

    /// <summary>The device stands still and takes a state. To give up, it must be reset.</summary>
    Resuming = 4,

    /// <summary>
    /// The device runs, but begins no transfer to another device. Where <see cref="MigrationCapabilities.PeerToPeer"/>.
    /// </summary>
    RunningPeerToPeer = 5,

    /// <summary>
    /// The device runs, and a first part of its state can be read meanwhile. Where
    /// <see cref="MigrationCapabilities.PreCopy"/>.
    /// </summary>
    PreCopy = 6,

    /// <summary><see cref="PreCopy"/> and <see cref="RunningPeerToPeer"/> together. Where both are.</summary>
    PreCopyPeerToPeer = 7,
}
