using System.Runtime.InteropServices;

namespace Vfio;

internal static partial class Libc
{
    [LibraryImport(
        Library,
        EntryPoint = "opendir",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial nint OpenDir(string path);

    /// <summary>Returns the next entry, valid until the next call; 0 at the end.</summary>
    [LibraryImport(Library, EntryPoint = "readdir", SetLastError = true)]
    public static unsafe partial dirent* ReadDir(nint folder);

    [LibraryImport(Library, EntryPoint = "closedir", SetLastError = true)]
    public static partial int CloseDir(nint folder);

    /// <summary>Represents struct dirent on 64-bit architectures, up to its name.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct dirent
    {
        public ulong d_ino;
        public long d_off;
        public ushort d_reclen;
        public byte d_type;
        public fixed byte d_name[256];
    }
}
