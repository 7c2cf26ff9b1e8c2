using System.Runtime.InteropServices;

namespace Vfio.Interop;

internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int GetGrNam(string name, group* entry, byte* buffer, nuint length, group** result);

    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct group
    {
        public byte* gr_name;
        public byte* gr_passwd;
        public uint gr_gid;
        public byte** gr_mem;
    }
}
