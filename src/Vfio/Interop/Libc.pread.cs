using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "pread", SetLastError = true)]
    public static unsafe partial nint PRead(SafeFileHandle fd, byte* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    public static unsafe partial nint PWrite(SafeFileHandle fd, byte* buffer, nuint count, long offset);
}
