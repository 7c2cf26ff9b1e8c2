using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Replaces a mapping by private memory of zeroes; other threads see either the old or the new memory.
/// </summary>
internal static class MemoryCover
{
    private const int Protection = Libc.PROT_READ | Libc.PROT_WRITE;
    private const int NoFile = -1;

    /// <returns>Whether it succeeded; if not, there may be no mapping any more.</returns>
    public static bool TryZeroes(nint address, nuint length) => Libc.MMap(
        address,
        length,
        Protection,
        Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE | Libc.MAP_FIXED,
        NoFile,
        0) != Libc.MAP_FAILED
        || TryEmptyFile(address, length);

    // With strict overcommit, private memory of this size may be refused; an empty file does not count.
    private static bool TryEmptyFile(nint address, nuint length)
    {
        using SafeFileHandle empty = Libc.MemfdCreate("vfio-revoked", Libc.MFD_CLOEXEC);
        return !empty.IsInvalid && Libc.FTruncate(empty, (long)length) == 0
            && Libc.MMap(address, length, Protection, Libc.MAP_SHARED | Libc.MAP_FIXED, empty, 0) != Libc.MAP_FAILED;
    }
}
