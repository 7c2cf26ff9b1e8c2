namespace Vfio;

/// <summary>Whether a device answers.</summary>
public enum DeviceState
{
    /// <summary>It answers, and all accesses reached it.</summary>
    Available = 0,

    /// <summary>
    /// Accesses to its mapped memory did not reach it: its memory decoding is off, or it is in reset or asleep, or was;
    /// until <see cref="VfioDevice.Recover"/>.
    /// </summary>
    Unavailable = 1,

    /// <summary>
    /// Its configuration space does not answer any more: it was unplugged, or its link is down. All that is left is to
    /// dispose it.
    /// </summary>
    Lost = 2,
}
