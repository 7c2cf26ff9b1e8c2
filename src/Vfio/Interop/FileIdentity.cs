using System.Globalization;

namespace Vfio;

/// <summary>
/// What a file is, whatever it is called and in whose mount namespace: a device node is its kind and number, any other
/// file its place on its file system.
/// </summary>
/// <param name="Kind">Whether it is a node, and of which kind.</param>
/// <param name="Major">The major number: of the device, or of the file system.</param>
/// <param name="Minor">The minor number.</param>
/// <param name="Inode">Of a file that is no node, its number there.</param>
internal readonly record struct FileIdentity(FileKind Kind, uint Major, uint Minor, ulong Inode)
{
    /// <summary>Of the file that a path leads to. Asks no server of a file system: it may not answer.</summary>
    /// <returns><see langword="null"/> if there is no such file, or it may not be examined.</returns>
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

    /// <summary>Of the node that a <c>dev</c> file of sysfs names: <c>116:5</c>.</summary>
    public static FileIdentity? OfNode(string? number, bool isBlock) =>
        number?.Split(':') is [string major, string minor]
        && TryParse(major, out uint first)
        && TryParse(minor, out uint second)
            ? new FileIdentity(isBlock ? FileKind.BlockDevice : FileKind.CharacterDevice, first, second, 0)
            : null;

    private static bool TryParse(string text, out uint value) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

/// <summary>What kind of file.</summary>
internal enum FileKind
{
    Other,
    CharacterDevice,
    BlockDevice,

    /// <summary>A descriptor of the kernel's that is no file: an eventfd, a device of VFIO's.</summary>
    Anonymous,
}
