using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static unsafe partial nint Write(SafeFileHandle fd, byte* buffer, nuint count);
}
