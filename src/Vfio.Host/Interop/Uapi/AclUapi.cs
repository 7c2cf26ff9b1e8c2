using System.Runtime.InteropServices;

namespace Vfio.Host;

/// <summary>The kernel's format of ACLs: linux/posix_acl.h, linux/posix_acl_xattr.h.</summary>
internal static class AclUapi
{
    public const uint POSIX_ACL_XATTR_VERSION = 2;
    public const ushort ACL_USER_OBJ = 0x01;
    public const ushort ACL_USER = 0x02;
    public const ushort ACL_GROUP_OBJ = 0x04;
    public const ushort ACL_GROUP = 0x08;
    public const ushort ACL_MASK = 0x10;
    public const ushort ACL_OTHER = 0x20;
    public const ushort ACL_READ = 0x04;
    public const ushort ACL_WRITE = 0x02;
    public const int ACL_UNDEFINED_ID = -1;

    [StructLayout(LayoutKind.Sequential)]
    public struct posix_acl_xattr_header
    {
        public uint a_version;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct posix_acl_xattr_entry
    {
        public ushort e_tag;
        public ushort e_perm;
        public uint e_id;
    }
}
