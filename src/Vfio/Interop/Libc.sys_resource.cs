using System.Runtime.InteropServices;

namespace Vfio;

internal static partial class Libc
{
    public const int RLIMIT_MEMLOCK = 8;

    // On 64-bit Linux, rlim_t has 64 bits, and RLIM_INFINITY is all ones.
    [LibraryImport(Library, EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetRLimit(int resource, out rlimit limit);

    [StructLayout(LayoutKind.Sequential)]
    public struct rlimit
    {
        public ulong rlim_cur;
        public ulong rlim_max;
    }
}
