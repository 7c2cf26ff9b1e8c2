using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// ioctl is variadic in C. On the ABIs .NET runs Linux on (x86-64, arm64, riscv64) a variadic call that passes one
// pointer-sized argument is the same call as a fixed one.
internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle fd, nuint request, nint argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static unsafe partial int Ioctl(SafeFileHandle fd, nuint request, void* argument);

    /// <summary>
    /// Calls the function directly: the caller keeps the descriptor open, and reads errno immediately if the call
    /// failed.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "ioctl")]
    public static unsafe partial int Ioctl(int fd, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle fd, nuint request, ref int argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Ioctl(SafeFileHandle fd, nuint request, string argument);
}
