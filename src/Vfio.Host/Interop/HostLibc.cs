using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

[assembly: DisableRuntimeMarshalling]

namespace Vfio.Host;

/// <summary>The functions of the C library that only this assembly calls, besides <see cref="Libc"/>.</summary>
internal static unsafe partial class HostLibc
{
    private const string Library = "libc";

    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;
    public const int PR_SET_PDEATHSIG = 1;
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;

    // System calls introduced this late have the same number on every architecture.
    private const int SYS_pidfd_send_signal = 424;
    private const int SYS_pidfd_open = 434;

    [LibraryImport(
        Library,
        EntryPoint = "getxattr",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial nint GetXAttr(string path, string name, byte* value, nuint size);

    [LibraryImport(
        Library,
        EntryPoint = "setxattr",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int SetXAttr(string path, string name, byte* value, nuint size, int flags);

    // Changes a link itself, never its target: this runs as root, in a folder of device nodes.
    [LibraryImport(
        Library,
        EntryPoint = "lchown",
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller),
        SetLastError = true)]
    public static partial int LChown(string path, uint user, uint group);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    public static partial int FSync(SafeFileHandle fd);

    // Variadic in C; see Libc.sys_ioctl.cs.
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int FCntl(SafeFileHandle fd, int command, ref flock argument);

    [LibraryImport(Library, EntryPoint = "prctl", SetLastError = true)]
    public static partial int PrCtl(int option, nint argument);

    // The interface ioctls (netdevice(7)) need a socket of any family.
    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial SafeFileHandle Socket(int domain, int type, int protocol);

    // The client's address, which the client chooses, is not requested.
    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    public static partial SafeFileHandle Accept(SafeHandle socket, nint name, nint nameLength, int flags);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetSocketOption(
        SafeHandle socket, int level, int name, Span<byte> value, ref uint length);

    [LibraryImport(Library, EntryPoint = "setsid", SetLastError = true)]
    public static partial int SetSid();

    public static SafeFileHandle PidFdOpen(int process)
    {
        nint result = SystemCall(SYS_pidfd_open, process, 0, 0, 0);
        return new SafeFileHandle(result, ownsHandle: result >= 0);
    }

    public static int PidFdSendSignal(int process, int signal) =>
        (int)SystemCall(SYS_pidfd_send_signal, process, signal, 0, 0);

    // Older C libraries have no pidfd functions, but they have syscall. It is variadic in C; see Libc.sys_ioctl.cs.
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);

    /// <summary>struct flock on 64-bit architectures.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct flock
    {
        public short l_type;
        public short l_whence;
        public long l_start;
        public long l_len;
        public int l_pid; // 0 for locks of open file descriptions
    }
}
