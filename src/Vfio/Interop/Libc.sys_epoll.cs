using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

internal static partial class Libc
{
    public const int EPOLL_CLOEXEC = 0x80000;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;
    public const uint EPOLLIN = 1;
    public const uint EPOLLONESHOT = 1u << 30;

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial SafeFileHandle EPollCreate1(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static unsafe partial int EPollCtl(int epoll, int operation, int fd, byte* @event);

    /// <summary>
    /// Calls the function directly: the caller keeps the descriptor open, and reads errno immediately if the call
    /// failed.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "epoll_wait")]
    public static unsafe partial int EPollWait(int epoll, byte* events, int most, int timeout);
}
