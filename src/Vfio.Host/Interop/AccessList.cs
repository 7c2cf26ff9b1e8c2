using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio.Host;

/// <summary>
/// An ACL of a file: the permissions of its owner, its group and others, and entries for further users and groups
/// (acl(5); the kernel's format is in linux/posix_acl_xattr.h).
/// </summary>
/// <remarks>Immutable: a change makes another ACL.</remarks>
internal sealed unsafe class AccessList
{
    public const int ReadWrite = AclUapi.ACL_READ | AclUapi.ACL_WRITE;
    private const string Attribute = "system.posix_acl_access";
    private const int MostBytes = 64 * 1024;
    private const int PermissionBits = 7;
    private const int GroupShift = 3;
    private const int OwnerShift = 6;
    private const uint NoId = unchecked((uint)AclUapi.ACL_UNDEFINED_ID);

    private readonly SortedDictionary<(ushort Tag, uint Id), int> _entries;

    private AccessList(SortedDictionary<(ushort, uint), int> entries) => _entries = entries;

    /// <summary>Gets the users that have an entry besides the owner.</summary>
    public IEnumerable<uint> NamedUsers =>
        _entries.Keys.Where(entry => entry.Tag == AclUapi.ACL_USER).Select(entry => entry.Id);

    /// <summary>Reads a file's ACL.</summary>
    /// <returns>The ACL; <see langword="null"/> if the file does not exist, or its ACL cannot be understood.</returns>
    public static AccessList? Of(string path)
    {
        byte[] buffer = new byte[MostBytes];
        fixed (byte* start = buffer)
        {
            nint length = HostLibc.GetXAttr(path, Attribute, start, MostBytes);
            return length >= 0 ? Parse(buffer.AsSpan(0, (int)length))
                : FileStatus.Of(path) is FileStatus status ? Of(status.Mode)
                : null;
        }
    }

    /// <summary>Gets the permissions in a user's entry: bits as in a file mode, 4 to read and 2 to write.</summary>
    /// <returns>The permissions; <see langword="null"/> if the user has no entry.</returns>
    public int? Find(uint user) =>
        _entries.TryGetValue((AclUapi.ACL_USER, user), out int permissions) ? permissions : null;

    /// <summary>Gets whether a user's entry allows reading and writing.</summary>
    public bool Allows(uint user) =>
        (Find(user) & _entries.GetValueOrDefault((AclUapi.ACL_MASK, NoId), PermissionBits) & ReadWrite) == ReadWrite;

    /// <summary>Makes an ACL with another entry for a user, or without one.</summary>
    /// <param name="user">The user.</param>
    /// <param name="permissions">The user's permissions; <see langword="null"/> for no entry.</param>
    public AccessList With(uint user, int? permissions)
    {
        AccessList changed = new(new SortedDictionary<(ushort, uint), int>(_entries));
        if (permissions is int bits)
        {
            changed._entries[(AclUapi.ACL_USER, user)] = bits;
        }
        else
        {
            changed._entries.Remove((AclUapi.ACL_USER, user));
        }

        changed.SetMask();
        return changed;
    }

    /// <summary>
    /// Sets the ACL of a file. The kernel stores an ACL without further users and groups as the file's mode only.
    /// </summary>
    /// <returns>The errno; 0 if it succeeded.</returns>
    public int Write(string path)
    {
        byte[] bytes = ToBytes();
        fixed (byte* start = bytes)
        {
            return HostLibc.SetXAttr(path, Attribute, start, (nuint)bytes.Length, 0) == 0
                ? 0
                : Marshal.GetLastPInvokeError();
        }
    }

    public bool Equals(AccessList other) => _entries.SequenceEqual(other._entries);

    /// <summary>Formats the entries: tag, ID and permissions of each, as numbers.</summary>
    public override string ToString() => string.Join(
        ' ', _entries.Select(entry => $"{entry.Key.Tag}:{(entry.Key.Id == NoId ? "" : entry.Key.Id)}:{entry.Value}"));

    private static AccessList Of(uint mode) => new(new SortedDictionary<(ushort, uint), int>
    {
        [(AclUapi.ACL_USER_OBJ, NoId)] = (int)(mode >> OwnerShift) & PermissionBits,
        [(AclUapi.ACL_GROUP_OBJ, NoId)] = (int)(mode >> GroupShift) & PermissionBits,
        [(AclUapi.ACL_OTHER, NoId)] = (int)mode & PermissionBits,
    });

    private static AccessList? Parse(ReadOnlySpan<byte> bytes)
    {
        if (!MemoryMarshal.TryRead(bytes, out AclUapi.posix_acl_xattr_header header)
            || header.a_version != AclUapi.POSIX_ACL_XATTR_VERSION)
        {
            return null;
        }

        SortedDictionary<(ushort, uint), int> entries = []; // in the order that the kernel requires
        ReadOnlySpan<byte> rest = bytes[Unsafe.SizeOf<AclUapi.posix_acl_xattr_header>()..];
        for (;
            MemoryMarshal.TryRead(rest, out AclUapi.posix_acl_xattr_entry entry);
            rest = rest[Unsafe.SizeOf<AclUapi.posix_acl_xattr_entry>()..])
        {
            entries[(entry.e_tag, entry.e_tag is AclUapi.ACL_USER or AclUapi.ACL_GROUP ? entry.e_id : NoId)] =
                entry.e_perm & PermissionBits;
        }

        return rest.IsEmpty ? new AccessList(entries) : null;
    }

    // The mask limits the entries of users and groups, and the file's group. A list that has one cannot be stored as a
    // mode.
    private void SetMask()
    {
        _entries.Remove((AclUapi.ACL_MASK, NoId));
        if (_entries.Keys.Any(entry => entry.Tag is AclUapi.ACL_USER or AclUapi.ACL_GROUP))
        {
            _entries[(AclUapi.ACL_MASK, NoId)] = _entries
                .Where(entry => entry.Key.Tag is AclUapi.ACL_USER or AclUapi.ACL_GROUP or AclUapi.ACL_GROUP_OBJ)
                .Aggregate(0, (all, entry) => all | entry.Value);
        }
    }

    private byte[] ToBytes()
    {
        AclUapi.posix_acl_xattr_header header = new() { a_version = AclUapi.POSIX_ACL_XATTR_VERSION };
        AclUapi.posix_acl_xattr_entry[] entries = [.. _entries.Select(entry => new AclUapi.posix_acl_xattr_entry
        {
            e_tag = entry.Key.Tag,
            e_perm = (ushort)entry.Value,
            e_id = entry.Key.Id,
        })];
        return [
            .. MemoryMarshal.AsBytes(new ReadOnlySpan<AclUapi.posix_acl_xattr_header>(in header)),
            .. MemoryMarshal.AsBytes<AclUapi.posix_acl_xattr_entry>(entries),
        ];
    }
}
