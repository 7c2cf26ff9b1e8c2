namespace Vfio;

/// <summary>Specifies whether a device answers.</summary>
public enum DeviceState
{
    /// <summary>The device answers, and all accesses have reached it.</summary>
    Available = 0,

    /// <summary>
    /// Accesses to mapped memory of the device did not reach it, because its memory decoding was off, or it was in
    /// reset or suspended. This lasts until <see cref="VfioDevice.Recover"/>.
    /// </summary>
    Unavailable = 1,

    /// <summary>
    /// The device's configuration space does not answer any more: it was unplugged, or its link is down. It can only be
    /// disposed.
    /// </summary>
    Lost = 2,
}
