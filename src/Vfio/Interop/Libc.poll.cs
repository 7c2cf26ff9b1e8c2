using System.Runtime.InteropServices;

namespace Vfio;

internal static partial class Libc
{
    public const short POLLIN = 1;

    [StructLayout(LayoutKind.Sequential)]
    public struct pollfd
    {
        public int fd;
        public short events;
        public short revents;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct timespec
    {
        public nint tv_sec;
        public nint tv_nsec;
    }

    [LibraryImport(Library, EntryPoint = "ppoll", SetLastError = true)]
    public static unsafe partial int PPoll(pollfd* fds, nuint count, timespec* timeout, void* signalMask);
}
