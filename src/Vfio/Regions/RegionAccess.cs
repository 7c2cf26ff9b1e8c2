namespace Vfio;

/// <summary>Specifies how a region's registers are accessed.</summary>
/// <remarks>
/// With none of these does a device that does not answer (memory decoding off, in reset, suspended, removed) end the
/// process. They differ in the cost of an access, and in how such a failure is reported.
/// </remarks>
public enum RegionAccess
{
    /// <summary>
    /// Accesses use a mapping if the kernel allows one, otherwise the file descriptor. This is the fastest. If the
    /// device does not answer, reads return all ones and writes have no effect, from the first such access until
    /// <see cref="VfioDevice.Recover"/>; <see cref="VfioDevice.GetState"/> reports it. During that time, 64 KiB of the
    /// region around that access are memory of this process: what is written there can be read back. If more than half
    /// a gigabyte is accessed in this way, reads return zeroes instead of ones. Mapped on x86-64; on other processors
    /// like <see cref="Trapped"/>, unless <see cref="VfioOpenOptions.AllowUnguarded"/> is set.
    /// </summary>
    Mapped = 0,

    /// <summary>
    /// All accesses use the file descriptor: one system call per access, and an exception if the device does not
    /// answer.
    /// </summary>
    Trapped = 1,

    /// <summary>
    /// Like <see cref="Mapped"/>, but checked after each access: if the device did not answer this access or an earlier
    /// one, it throws <see cref="VfioException"/>. Costs a few nanoseconds per access; if a register reads as all ones,
    /// also a read of configuration space through the file descriptor.
    /// </summary>
    Checked = 2,
}
