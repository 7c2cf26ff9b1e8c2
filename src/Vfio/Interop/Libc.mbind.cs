using System.Runtime.InteropServices;

namespace Vfio.Interop;

// The C library has no mbind; its syscall function has. It is variadic in C; see Libc.ioctl.cs.
internal static partial class Libc
{
    public const int MPOL_BIND = 2;

    // Its number is x86-64's or that of the architectures that came later (asm-generic: arm64, riscv64).
    private static nint MBindNumber => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 237 : 235;

    public static unsafe int MBind(nint address, nuint length, int mode, ulong* nodes, nuint maxNode, uint flags) =>
        (int)SystemCall(MBindNumber, address, length, mode, nodes, maxNode, flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial nint SystemCall(nint number, nint address, nuint length, nint mode, ulong* nodes, nuint maxNode, nuint flags);
}
