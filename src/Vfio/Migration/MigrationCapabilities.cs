namespace Vfio;

/// <summary>What a device's migration can do (<c>VFIO_MIGRATION_*</c> in <c>linux/vfio.h</c>).</summary>
[Flags]
public enum MigrationCapabilities
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>
    /// Its state can be read and written while it stands still. Every device that can be migrated has this.
    /// </summary>
    StopCopy = 1 << 0,

    /// <summary>
    /// It can be kept from transfers to other devices before it stands still, so that several devices that talk to each
    /// other are stopped one after the other.
    /// </summary>
    PeerToPeer = 1 << 1,

    /// <summary>
    /// A first part of its state can be read while it runs, so that it stands still for a shorter time.
    /// </summary>
    PreCopy = 1 << 2,
}
