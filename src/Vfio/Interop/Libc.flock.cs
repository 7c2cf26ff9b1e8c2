using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

internal static partial class Libc
{
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int LOCK_UN = 8;

    [LibraryImport(Library, EntryPoint = "flock", SetLastError = true)]
    public static partial int FLock(SafeFileHandle fd, int operation);
}
