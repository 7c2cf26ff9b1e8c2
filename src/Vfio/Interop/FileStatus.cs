namespace Vfio.Interop;

/// <summary>Who owns a file and what its permissions are.</summary>
internal readonly record struct FileStatus(uint UserId, uint GroupId, uint Mode)
{
    private const uint PermissionBits = 0xfff;

    /// <summary><see langword="null"/> where the file is not there or may not be looked at.</summary>
    public static FileStatus? Of(string path) =>
        Libc.StatX(Libc.AT_FDCWD, path, 0, Libc.STATX_BASIC_STATS, out Libc.statx status) == 0
            ? new FileStatus(status.stx_uid, status.stx_gid, status.stx_mode & PermissionBits)
            : null;

    /// <summary>Whether this process may open a file for reading and writing, as its effective user. Opens nothing.</summary>
    public static bool MayReadAndWrite(string path) => Libc.FAccessAt(Libc.AT_FDCWD, path, Libc.R_OK | Libc.W_OK, Libc.AT_EACCESS) == 0;
}
