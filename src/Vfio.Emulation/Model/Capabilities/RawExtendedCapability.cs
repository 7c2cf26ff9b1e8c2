namespace Vfio.Emulation;

/// <summary>
/// Represents an extended capability that is given as bytes. The library does not interpret its bits.
/// </summary>
public sealed class RawExtendedCapability : ModelCapability
{
    private readonly ushort _id;
    private readonly byte _version;
    private readonly byte[] _bytes;
    private readonly byte[] _writable;
    private readonly byte[] _clearable;

    /// <summary>Declares the capability.</summary>
    /// <param name="id">The capability ID. 0 and FFFFh are not allowed, because they mean that there is no
    /// capability.</param>
    /// <param name="version">The version, 0 to 15.</param>
    /// <param name="bytes">The bytes after the header of 4 bytes; 1 to 3836 bytes.</param>
    /// <param name="writable">The mask of the bits that a driver may write, byte by byte; by default, none. A reset
    /// restores their original values.</param>
    /// <param name="clearable">The mask of the bits that a driver clears by writing ones.</param>
    /// <exception cref="ArgumentException">There are no bytes or too many, a mask has more bytes than there are, or the
    /// ID or version is invalid.</exception>
    public RawExtendedCapability(
        ushort id,
        byte version,
        ReadOnlySpan<byte> bytes,
        ReadOnlySpan<byte> writable = default,
        ReadOnlySpan<byte> clearable = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, 15);
        if (id is 0 or ushort.MaxValue)
        {
            throw new ArgumentException($"the ID 0x{id:x4} means that there is no capability", nameof(id));
        }

        _id = id;
        _version = version;
        (_bytes, _writable) = RawCapability.Check(bytes, writable, most: 3836);
        (_, _clearable) = RawCapability.Check(bytes, clearable, most: 3836);
    }

    internal override bool IsExtended => true;

    internal override int Length => 4 + _bytes.Length;

    internal override void Declare(ModelConfigSpace config)
    {
        config.Declare(Start, 4, _id | ((uint)_version << 16));
        for (int i = 0; i < _bytes.Length; i++)
        {
            config.Declare(Start + 4 + i, 1, _bytes[i], _writable[i], _clearable[i]);
        }
    }
}
