using System.Runtime.InteropServices;

namespace Vfio;

internal static partial class Libc
{
    public const int RLIMIT_MEMLOCK = 8;

    // 64-bit Linux: rlim_t is 64 bits, and RLIM_INFINITY all ones.
    [LibraryImport(Library, EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetRLimit(int resource, out rlimit limit);

    [StructLayout(LayoutKind.Sequential)]
    public struct rlimit
    {
        public ulong rlim_cur;
        public ulong rlim_max;
    }
}
