using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Vfio.Interop;

/// <summary>Who may do what with a file: owner, group, others and, beside them, users and groups by name (acl(5); the kernel's form of it: linux/posix_acl_xattr.h).</summary>
/// <remarks>A value; changing it makes another.</remarks>
internal sealed unsafe class AccessList
{
    public const int ReadWrite = 6;
    private const string Attribute = "system.posix_acl_access";
    private const uint Version = 2;
    private const int HeaderLength = 4;
    private const int EntryLength = 8;
    private const int MostBytes = 64 * 1024; // XATTR_SIZE_MAX
    private const int PermissionBits = 7;
    private const int GroupShift = 3;
    private const int OwnerShift = 6;
    private const uint NoId = uint.MaxValue;

    private readonly SortedDictionary<(Tag Tag, uint Id), int> _entries;

    private AccessList(SortedDictionary<(Tag, uint), int> entries) => _entries = entries;

    // In the order that the kernel wants them.
    private enum Tag : ushort
    {
        Owner = 0x01,
        User = 0x02,
        OwningGroup = 0x04,
        Group = 0x08,
        Mask = 0x10,
        Others = 0x20,
    }

    /// <summary>The users that are named, beside the owner.</summary>
    public IEnumerable<uint> Users => _entries.Keys.Where(entry => entry.Tag == Tag.User).Select(entry => entry.Id);

    /// <summary>Looks at a file.</summary>
    /// <returns><see langword="null"/> where it is not there, or its list cannot be understood.</returns>
    public static AccessList? Of(string path)
    {
        byte[] buffer = new byte[MostBytes];
        fixed (byte* start = buffer)
        {
            nint length = Libc.GetXAttr(path, Attribute, start, MostBytes);
            return length >= 0 ? Parse(buffer.AsSpan(0, (int)length)) : FileStatus.Of(path) is FileStatus status ? Of(status.Mode) : null;
        }
    }

    /// <summary>What a named user may do: bits as in a file's mode, 4 to read and 2 to write.</summary>
    /// <returns><see langword="null"/> where the user is not named.</returns>
    public int? Find(uint user) => _entries.TryGetValue((Tag.User, user), out int permissions) ? permissions : null;

    /// <summary>Whether a named user may read and write.</summary>
    public bool Allows(uint user) => (Find(user) & _entries.GetValueOrDefault((Tag.Mask, NoId), PermissionBits) & ReadWrite) == ReadWrite;

    /// <summary>The list with another entry for a user, or without one.</summary>
    /// <param name="user">The user.</param>
    /// <param name="permissions">What it may do; <see langword="null"/> for no entry.</param>
    public AccessList With(uint user, int? permissions)
    {
        AccessList changed = new(new SortedDictionary<(Tag, uint), int>(_entries));
        if (permissions is int bits)
        {
            changed._entries[(Tag.User, user)] = bits;
        }
        else
        {
            changed._entries.Remove((Tag.User, user));
        }

        changed.SetMask();
        return changed;
    }

    /// <summary>Gives a file this list; one that says no more than the file's mode is kept as that alone.</summary>
    /// <returns>The errno, 0 where it worked.</returns>
    public int Write(string path)
    {
        byte[] bytes = ToBytes();
        fixed (byte* start = bytes)
        {
            return Libc.SetXAttr(path, Attribute, start, (nuint)bytes.Length, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    public bool Equals(AccessList other) => _entries.SequenceEqual(other._entries);

    /// <summary>Entries as getfacl(1) shows them: <c>user:1000:6</c>.</summary>
    public override string ToString() => string.Join(' ', _entries.Select(entry => $"{entry.Key.Tag}:{(entry.Key.Id == NoId ? "" : entry.Key.Id)}:{entry.Value}"));

    private static AccessList Of(uint mode) => new(new SortedDictionary<(Tag, uint), int>
    {
        [(Tag.Owner, NoId)] = (int)(mode >> OwnerShift) & PermissionBits,
        [(Tag.OwningGroup, NoId)] = (int)(mode >> GroupShift) & PermissionBits,
        [(Tag.Others, NoId)] = (int)mode & PermissionBits,
    });

    private static AccessList? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength || (bytes.Length - HeaderLength) % EntryLength != 0 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Version)
        {
            return null;
        }

        SortedDictionary<(Tag, uint), int> entries = [];
        for (ReadOnlySpan<byte> rest = bytes[HeaderLength..]; !rest.IsEmpty; rest = rest[EntryLength..])
        {
            Tag tag = (Tag)BinaryPrimitives.ReadUInt16LittleEndian(rest);
            uint id = tag is Tag.User or Tag.Group ? BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) : NoId;
            entries[(tag, id)] = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]) & PermissionBits;
        }

        return new AccessList(entries);
    }

    // The mask bounds all that are named, and the file's group: with it a list says something else than the mode.
    private void SetMask()
    {
        _entries.Remove((Tag.Mask, NoId));
        if (_entries.Keys.Any(entry => entry.Tag is Tag.User or Tag.Group))
        {
            _entries[(Tag.Mask, NoId)] = _entries.Where(entry => entry.Key.Item1 is Tag.User or Tag.Group or Tag.OwningGroup).Aggregate(0, (all, entry) => all | entry.Value);
        }
    }

    private byte[] ToBytes()
    {
        byte[] bytes = new byte[HeaderLength + (EntryLength * _entries.Count)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Version);
        Span<byte> rest = bytes.AsSpan(HeaderLength);
        foreach (((Tag tag, uint id), int permissions) in _entries)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)tag);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], id);
            rest = rest[EntryLength..];
        }

        return bytes;
    }
}
