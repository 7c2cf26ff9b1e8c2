using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

/// <summary>
/// Locks on single bytes of a file (F_OFD_SETLK): each is the open file's, ends with it, whatever ends the process, and counts in every
/// namespace. The bytes need not be there.
/// </summary>
internal static class ByteLock
{
    /// <summary>Locks a byte without waiting.</summary>
    /// <returns>Whether it is locked by this open file now; not where another has it, or the file cannot be locked.</returns>
    public static bool TryTake(SafeFileHandle file, long place)
    {
        Libc.flock lockOfByte = Byte(place, Libc.F_WRLCK);
        return Libc.FCntl(file, Libc.F_OFD_SETLK, ref lockOfByte) == 0;
    }

    /// <summary>Whether another open file has a byte locked.</summary>
    public static bool IsTaken(SafeFileHandle file, long place)
    {
        Libc.flock lockOfByte = Byte(place, Libc.F_WRLCK);
        return Libc.FCntl(file, Libc.F_OFD_GETLK, ref lockOfByte) == 0 && lockOfByte.l_type != Libc.F_UNLCK;
    }

    private static Libc.flock Byte(long place, short type) => new() { l_type = type, l_start = place, l_len = 1 };
}
