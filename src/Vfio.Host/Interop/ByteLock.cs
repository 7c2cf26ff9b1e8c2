using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Locks on single bytes of a file (F_OFD_SETLK). A lock belongs to an open file description: it ends with the process,
/// however that ends, and holds across namespaces. The bytes need not exist.
/// </summary>
internal static class ByteLock
{
    /// <summary>Locks a byte without waiting.</summary>
    /// <returns>
    /// The errno: 0 if this open file description holds the lock now, EAGAIN or EACCES if another one does.
    /// </returns>
    public static int TryTake(SafeFileHandle file, long place) => Set(file, place, HostLibc.F_WRLCK);

    /// <summary>Unlocks a byte, also for child processes that were forked with the file open.</summary>
    public static void Free(SafeFileHandle file, long place) => _ = Set(file, place, HostLibc.F_UNLCK);

    /// <summary>Gets whether another open file description holds the lock on a byte.</summary>
    public static bool IsTaken(SafeFileHandle file, long place)
    {
        HostLibc.flock range = Byte(place, HostLibc.F_WRLCK);
        return HostLibc.FCntl(file, HostLibc.F_OFD_GETLK, ref range) == 0 && range.l_type != HostLibc.F_UNLCK;
    }

    private static int Set(SafeFileHandle file, long place, short type)
    {
        HostLibc.flock range = Byte(place, type);
        return HostLibc.FCntl(file, HostLibc.F_OFD_SETLK, ref range) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private static HostLibc.flock Byte(long place, short type) => new() { l_type = type, l_start = place, l_len = 1 };
}
