using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// The C library has no mbind, but a syscall function. That is variadic in C; see Libc.sys_ioctl.cs.
internal static partial class Libc
{
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int PROT_EXEC = 4;
    public const int MAP_SHARED = 1;
    public const int MAP_PRIVATE = 2;
    public const int MAP_FIXED = 0x10;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_NORESERVE = 0x4000;
    public const int MAP_HUGETLB = 0x40000;
    public const int MAP_HUGE_SHIFT = 26;

    public const nint MAP_FAILED = -1;

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint MMap(
        nint address, nuint length, int protection, int flags, SafeFileHandle fd, long offset);

    /// <summary>Maps memory without a file: <paramref name="fd"/> is -1.</summary>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint MMap(nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int MUnmap(nint address, nuint length);

    public const int MADV_DONTFORK = 10;
    public const int MADV_POPULATE_READ = 22;
    public const int MADV_POPULATE_WRITE = 23;
    public const int MS_ASYNC = 1;

    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    public static partial int MAdvise(nint address, nuint length, int advice);

    [LibraryImport(Library, EntryPoint = "msync", SetLastError = true)]
    public static partial int MSync(nint address, nuint length, int flags);

    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;

    [LibraryImport(
        Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle MemfdCreate(string name, uint flags);

    public const int MPOL_BIND = 2;

    // The number of the call on x86-64, or on the architectures that came later (asm-generic: arm64, riscv64).
    private static nint MBindNumber => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 237 : 235;

    public static unsafe int MBind(nint address, nuint length, int mode, ulong* nodes, nuint maxNode, uint flags) =>
        (int)SystemCall(MBindNumber, address, length, mode, nodes, maxNode, flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial nint SystemCall(
        nint number, nint address, nuint length, nint mode, ulong* nodes, nuint maxNode, nuint flags);
}
