namespace Vfio;

/// <summary>How a region's registers are reached.</summary>
public enum RegionAccess
{
    /// <summary>
    /// Through a mapping where the kernel allows one, else through the file descriptor. The fastest way; but a device that
    /// stops decoding its memory (decoding switched off, reset, asleep, gone) turns a mapped access into a bus error that
    /// ends the process.
    /// </summary>
    Mapped = 0,

    /// <summary>
    /// Through the file descriptor always: a system call an access, and an error instead of a bus error where the device
    /// does not answer.
    /// </summary>
    Trapped = 1,
}
