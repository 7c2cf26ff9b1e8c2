using System.Runtime.InteropServices;

namespace Vfio.Interop;

/// <summary>A line of the user database.</summary>
internal readonly record struct UserEntry(string Name, uint Uid, uint Gid, string Home);

/// <summary>getpwnam_r, getpwuid_r and getgrnam_r.</summary>
internal static unsafe class UserDatabase
{
    // sysconf(_SC_GETPW_R_SIZE_MAX) is only a first guess in glibc; directory services have longer lines than its 1024.
    private const int BufferBytes = 64 * 1024;
    private const int GroupBufferBytes = 1024 * 1024;

    public static UserEntry? Find(string name)
    {
        // Across the border a name ends at its first zero: it would find somebody else.
        if (name.Contains('\0'))
        {
            return null;
        }

        byte[] buffer = new byte[BufferBytes];
        Libc.passwd entry;
        Libc.passwd* found = null;
        fixed (byte* start = buffer)
        {
            int errno = Libc.GetPwNam(name, &entry, start, BufferBytes, &found);
            return errno == 0 && found != null ? Copy(found) : null;
        }
    }

    public static UserEntry? Find(uint uid)
    {
        byte[] buffer = new byte[BufferBytes];
        Libc.passwd entry;
        Libc.passwd* found = null;
        fixed (byte* start = buffer)
        {
            int errno = Libc.GetPwUid(uid, &entry, start, BufferBytes, &found);
            return errno == 0 && found != null ? Copy(found) : null;
        }
    }

    /// <summary>The number of a group.</summary>
    public static uint? FindGroup(string name)
    {
        if (name.Contains('\0'))
        {
            return null;
        }

        // A group's line has its members, and so is long where they are many.
        byte[] buffer = new byte[GroupBufferBytes];
        Libc.group entry;
        Libc.group* found = null;
        fixed (byte* start = buffer)
        {
            int errno = Libc.GetGrNam(name, &entry, start, GroupBufferBytes, &found);
            return errno == 0 && found != null ? found->gr_gid : null;
        }
    }

    private static UserEntry Copy(Libc.passwd* entry) =>
        new(Text(entry->pw_name), entry->pw_uid, entry->pw_gid, Text(entry->pw_dir));

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;
}
