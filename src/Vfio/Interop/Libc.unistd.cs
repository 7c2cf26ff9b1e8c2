using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

internal static partial class Libc
{
    public const int SEEK_END = 2;

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static unsafe partial nint Read(SafeFileHandle fd, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    public static partial long LSeek(SafeFileHandle fd, long offset, int whence);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static unsafe partial nint Write(SafeFileHandle fd, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "pread", SetLastError = true)]
    public static unsafe partial nint PRead(SafeFileHandle fd, byte* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    public static unsafe partial nint PWrite(SafeFileHandle fd, byte* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int FTruncate(SafeFileHandle file, long length);

    [LibraryImport(
        Library,
        EntryPoint = "readlink",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    public static unsafe partial nint ReadLink(string path, byte* buffer, nuint size);

    public const int R_OK = 4;
    public const int W_OK = 2;
    public const int AT_EACCESS = 0x200;

    [LibraryImport(
        Library,
        EntryPoint = "faccessat",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int FAccessAt(int directory, string path, int mode, int flags);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint GetEUid();
}
