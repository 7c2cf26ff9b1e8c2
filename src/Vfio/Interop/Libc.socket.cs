using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

// The interface ioctls (netdevice(7)) need some socket; any family does.
internal static partial class Libc
{
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_CLOEXEC = 0x80000;

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial SafeFileHandle Socket(int domain, int type, int protocol);
}
