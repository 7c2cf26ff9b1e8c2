using System.Runtime.InteropServices;

namespace Vfio;

internal static partial class Libc
{
    public const int AT_FDCWD = -100;
    public const int AT_NO_AUTOMOUNT = 0x800;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_STATX_DONT_SYNC = 0x4000;
    public const uint S_IFMT = 0xf000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFSOCK = 0xc000;
    public const uint STATX_TYPE = 0x1;
    public const uint STATX_INO = 0x100;
    public const uint STATX_BASIC_STATS = 0x7ff;

    // statx instead of stat: its layout is the kernel's, and the same on every architecture.
    [LibraryImport(
        Library,
        EntryPoint = "statx",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int StatX(int directory, string path, int flags, uint mask, out statx result);

    [StructLayout(LayoutKind.Sequential)]
    public struct statx_timestamp
    {
        public long tv_sec;
        public uint tv_nsec;
        public int __reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct statx
    {
        public uint stx_mask;
        public uint stx_blksize;
        public ulong stx_attributes;
        public uint stx_nlink;
        public uint stx_uid;
        public uint stx_gid;
        public ushort stx_mode;
        public ushort __spare0;
        public ulong stx_ino;
        public ulong stx_size;
        public ulong stx_blocks;
        public ulong stx_attributes_mask;
        public statx_timestamp stx_atime;
        public statx_timestamp stx_btime;
        public statx_timestamp stx_ctime;
        public statx_timestamp stx_mtime;
        public uint stx_rdev_major;
        public uint stx_rdev_minor;
        public uint stx_dev_major;
        public uint stx_dev_minor;
        public Spare __spare;
    }

    /// <summary>Represents the fields that the kernel reserves, up to the 256 bytes that it may fill.</summary>
    [System.Runtime.CompilerServices.InlineArray(14)]
    public struct Spare
    {
        private ulong _first;
    }
}
