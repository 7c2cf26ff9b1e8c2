using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

internal static partial class Libc
{
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;
    public const int RWF_NOWAIT = 8;

    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct iovec
    {
        public void* iov_base;
        public nuint iov_len;
    }

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    public static partial SafeFileHandle EventFd(uint initial, int flags);

    /// <summary>
    /// Calls the function directly: the caller keeps the descriptor open, and does not need the errno.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "read")]
    public static unsafe partial nint Read(int fd, void* buffer, nuint count);

    /// <summary>
    /// Calls the function directly: the caller keeps the descriptor open, and does not need the errno.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "preadv2")]
    public static unsafe partial nint PReadV2(int fd, iovec* vectors, int count, long offset, int flags);

    /// <summary>The same call, for callers that need the errno.</summary>
    [LibraryImport(Library, EntryPoint = "preadv2", SetLastError = true)]
    public static unsafe partial nint PReadV2WithErrno(int fd, iovec* vectors, int count, long offset, int flags);
}
