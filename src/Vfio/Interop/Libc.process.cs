using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

// Older C libraries have no functions for descriptors of processes; their syscall function has. It is variadic in C; see Libc.ioctl.cs.
internal static partial class Libc
{
    // Calls of this age have the same number on every architecture.
    private const int SYS_pidfd_send_signal = 424;
    private const int SYS_pidfd_open = 434;

    public static SafeFileHandle PidFdOpen(int process)
    {
        nint result = SystemCall(SYS_pidfd_open, process, 0, 0, 0);
        return new SafeFileHandle(result, ownsHandle: result >= 0);
    }

    public static int PidFdSendSignal(int process, int signal) => (int)SystemCall(SYS_pidfd_send_signal, process, signal, 0, 0);

    [LibraryImport(Library, EntryPoint = "setsid", SetLastError = true)]
    public static partial int SetSid();

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);

    public const int PR_SET_PDEATHSIG = 1;

    [LibraryImport(Library, EntryPoint = "prctl", SetLastError = true)]
    public static partial int PrCtl(int option, nint argument);
}
