using System.Runtime.InteropServices;

namespace Vfio;

internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int GetPwNam(string name, passwd* entry, byte* buffer, nuint length, passwd** result);

    [LibraryImport(Library, EntryPoint = "getpwuid_r")]
    public static unsafe partial int GetPwUid(uint uid, passwd* entry, byte* buffer, nuint length, passwd** result);

    // The layouts of glibc and musl are the same up to the fields that are read here.
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct passwd
    {
        public byte* pw_name;
        public byte* pw_passwd;
        public uint pw_uid;
        public uint pw_gid;
        public byte* pw_gecos;
        public byte* pw_dir;
        public byte* pw_shell;
    }

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
