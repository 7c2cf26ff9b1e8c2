namespace Vfio;

/// <summary>Specifies what a device's migration supports (<c>VFIO_MIGRATION_*</c> in <c>linux/vfio.h</c>).</summary>
[Flags]
public enum MigrationCapabilities
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>
    /// The state can be read and written while the device is stopped. Every device that can be migrated supports this.
    /// </summary>
    StopCopy = 1 << 0,

    /// <summary>
    /// The device can be kept from transfers to other devices before it is stopped, so that devices that communicate
    /// with each other can be stopped one after the other.
    /// </summary>
    PeerToPeer = 1 << 1,

    /// <summary>
    /// A first part of the state can be read while the device runs, so that it is stopped for a shorter time.
    /// </summary>
    PreCopy = 1 << 2,
}
