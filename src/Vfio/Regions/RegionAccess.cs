namespace Vfio;

/// <summary>How a region's registers are reached.</summary>
/// <remarks>
/// None of the ways ends the process when the device does not answer (memory decoding off, in reset, asleep, gone).
/// They differ in what an access costs, and in how that is told.
/// </remarks>
public enum RegionAccess
{
    /// <summary>
    /// Through a mapping where the kernel allows one, else through the file descriptor. The fastest way. Where the
    /// device does not answer, reads give all ones and writes do not reach it, from the first such access on until
    /// <see cref="VfioDevice.Recover"/>; <see cref="VfioDevice.GetState"/> tells. Around that access 64 KiB of the
    /// region are then memory of this process: what is written there is read back. Where more than half a gigabyte is
    /// touched so, it is zeroes instead of ones. Mapped on x86-64; elsewhere as <see cref="Trapped"/>, unless
    /// <see cref="VfioOpenOptions.AllowUnguarded"/> is set.
    /// </summary>
    Mapped = 0,

    /// <summary>
    /// Through the file descriptor always: a system call an access, and an exception where the device does not answer.
    /// </summary>
    Trapped = 1,

    /// <summary>
    /// As <see cref="Mapped"/>, and looked at after each access: where the device did not answer, this one or an
    /// earlier one, the access throws <see cref="VfioException"/>. Some nanoseconds more an access; a register that
    /// reads all ones costs a look at configuration space, through the file descriptor.
    /// </summary>
    Checked = 2,
}
