using System.Runtime.InteropServices;

namespace Vfio;

internal static partial class Libc
{
    public const int SIGBUS = 7;
    public const int SA_SIGINFO = 4;
    public const int SA_RESTART = 0x10000000;
    public const int SA_ONSTACK = 0x08000000;
    public const uint SA_RESETHAND = 0x80000000;

    /// <summary>The layout on x86-64; other architectures order the fields differently.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct sigaction
    {
        public nint sa_handler;
        public fixed ulong sa_mask[16];
        public int sa_flags;
        public nint sa_restorer;
    }

    [LibraryImport(Library, EntryPoint = "sigaction", SetLastError = true)]
    public static unsafe partial int SigAction(int signal, sigaction* action, sigaction* before);

    [LibraryImport(Library, EntryPoint = "mprotect", SetLastError = true)]
    public static partial int MProtect(nint address, nuint length, int protection);
}
