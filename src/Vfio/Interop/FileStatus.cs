using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Represents the owner and the permissions of a file.</summary>
internal readonly record struct FileStatus(uint UserId, uint GroupId, uint Mode)
{
    private const uint PermissionBits = 0xfff;

    /// <summary>
    /// Gets the status of a file; <see langword="null"/> if it does not exist or may not be examined.
    /// </summary>
    public static FileStatus? Of(string path) =>
        Libc.StatX(Libc.AT_FDCWD, path, 0, Libc.STATX_BASIC_STATS, out Libc.statx status) == 0
            ? new FileStatus(status.stx_uid, status.stx_gid, status.stx_mode & PermissionBits)
            : null;

    /// <summary>
    /// Gets whether this process can open a file for reading and writing, as its effective user. Opens nothing.
    /// </summary>
    public static bool MayReadAndWrite(string path) =>
        Libc.FAccessAt(Libc.AT_FDCWD, path, Libc.R_OK | Libc.W_OK, Libc.AT_EACCESS) == 0;

    /// <summary>
    /// Gets the status of an open file, which is the file that is read even if its name leads to another one by now;
    /// <see langword="null"/> if it is not a regular file.
    /// </summary>
    public static FileStatus? OfRegularFile(SafeFileHandle file)
    {
        using HandleUse use = new(file);
        return Libc.StatX(use.Number, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out Libc.statx status) == 0
            && (status.stx_mode & Libc.S_IFMT) == Libc.S_IFREG
            ? new FileStatus(status.stx_uid, status.stx_gid, status.stx_mode & PermissionBits)
            : null;
    }

    /// <summary>Gets whether a name leads to a socket.</summary>
    public static bool IsSocket(string path) =>
        Libc.StatX(Libc.AT_FDCWD, path, 0, Libc.STATX_BASIC_STATS, out Libc.statx status) == 0
        && (status.stx_mode & Libc.S_IFMT) == Libc.S_IFSOCK;
}
