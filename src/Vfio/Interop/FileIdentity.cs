using System.Globalization;

namespace Vfio;

/// <summary>
/// Identifies a file independently of its name and of mount namespaces: a device node by its kind and number, any other
/// file by its inode on its file system.
/// </summary>
/// <param name="Kind">Whether it is a node, and of which kind.</param>
/// <param name="Major">The major number: of the device, or of the file system.</param>
/// <param name="Minor">The minor number.</param>
/// <param name="Inode">For a file that is not a device node, its inode number.</param>
internal readonly record struct FileIdentity(FileKind Kind, uint Major, uint Minor, ulong Inode)
{
    /// <summary>
    /// Gets the identity of the file that a path leads to. Does not ask the server of a network file system, which may
    /// not answer.
    /// </summary>
    /// <returns>The identity; <see langword="null"/> if there is no such file, or it may not be examined.</returns>
    public static FileIdentity? Of(string path) =>
        Libc.StatX(
            Libc.AT_FDCWD,
            path,
            Libc.AT_STATX_DONT_SYNC | Libc.AT_NO_AUTOMOUNT,
            Libc.STATX_TYPE | Libc.STATX_INO,
            out Libc.statx status) != 0
            ? null
            : (status.stx_mode & Libc.S_IFMT) switch
            {
                Libc.S_IFCHR =>
                    new FileIdentity(FileKind.CharacterDevice, status.stx_rdev_major, status.stx_rdev_minor, 0),
                Libc.S_IFBLK => new FileIdentity(FileKind.BlockDevice, status.stx_rdev_major, status.stx_rdev_minor, 0),
                0 => new FileIdentity(FileKind.Anonymous, status.stx_dev_major, status.stx_dev_minor, status.stx_ino),
                _ => new FileIdentity(FileKind.Other, status.stx_dev_major, status.stx_dev_minor, status.stx_ino),
            };

    /// <summary>
    /// Gets the identity of the device node whose number a <c>dev</c> file of sysfs contains: <c>116:5</c>.
    /// </summary>
    public static FileIdentity? OfNode(string? number, bool isBlock) =>
        number?.Split(':') is [string major, string minor]
        && TryParse(major, out uint first)
        && TryParse(minor, out uint second)
            ? new FileIdentity(isBlock ? FileKind.BlockDevice : FileKind.CharacterDevice, first, second, 0)
            : null;

    private static bool TryParse(string text, out uint value) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

/// <summary>Specifies the kind of a file.</summary>
internal enum FileKind
{
    Other,
    CharacterDevice,
    BlockDevice,

    /// <summary>A descriptor that is not a file: an eventfd, a VFIO device.</summary>
    Anonymous,
}
