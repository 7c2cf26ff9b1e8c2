using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>Represents an entry of the user database.</summary>
internal readonly record struct UserEntry(string Name, uint Uid, uint Gid, string Home);

/// <summary>Wraps getpwnam_r, getpwuid_r and getgrnam_r.</summary>
internal static unsafe class UserDatabase
{
    // sysconf(_SC_GETPW_R_SIZE_MAX) is only a first guess in glibc; directory services have longer lines than its 1024.
    private const int BufferBytes = 64 * 1024;
    private const int GroupBufferBytes = 1024 * 1024;

    /// <exception cref="VfioException">
    /// The name service did not answer, which does not mean that there is no such user.
    /// </exception>
    public static UserEntry? Find(string name)
    {
        // A string ends at its first zero in C, so a cut name could find another user.
        if (name.Contains('\0'))
        {
            return null;
        }

        byte[] buffer = new byte[BufferBytes];
        Libc.passwd entry;
        Libc.passwd* found = null;
        fixed (byte* start = buffer)
        {
            Check(Libc.GetPwNam(name, &entry, start, BufferBytes, &found), $"user '{name}'");
            return found != null ? Copy(found) : null;
        }
    }

    /// <exception cref="VfioException">The name service did not answer.</exception>
    public static UserEntry? Find(uint uid)
    {
        byte[] buffer = new byte[BufferBytes];
        Libc.passwd entry;
        Libc.passwd* found = null;
        fixed (byte* start = buffer)
        {
            Check(Libc.GetPwUid(uid, &entry, start, BufferBytes, &found), $"user {uid}");
            return found != null ? Copy(found) : null;
        }
    }

    /// <summary>Finds the number of a group.</summary>
    /// <exception cref="VfioException">The name service did not answer.</exception>
    public static uint? FindGroup(string name)
    {
        if (name.Contains('\0'))
        {
            return null;
        }

        // The entry of a group contains its members, and is long if there are many.
        byte[] buffer = new byte[GroupBufferBytes];
        Libc.group entry;
        Libc.group* found = null;
        fixed (byte* start = buffer)
        {
            Check(Libc.GetGrNam(name, &entry, start, GroupBufferBytes, &found), $"group '{name}'");
            return found != null ? found->gr_gid : null;
        }
    }

    // getpwnam(3) and getgrnam(3): these mean that there is no such entry, depending on where the host keeps its users.
    private static void Check(int errno, string subject)
    {
        if (errno is not (0 or Errno.ENOENT or Errno.ESRCH or Errno.EBADF or Errno.EPERM))
        {
            throw new VfioException(
                "look up",
                subject,
                errno,
                "the host's name service does not answer (getent passwd); try again when it does");
        }
    }

    private static UserEntry Copy(Libc.passwd* entry) =>
        new(Text(entry->pw_name), entry->pw_uid, entry->pw_gid, Text(entry->pw_dir));

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;
}
