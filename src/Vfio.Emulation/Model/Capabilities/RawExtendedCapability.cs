namespace Vfio.Emulation;

/// <summary>An extended capability given as bytes. Its bits mean nothing to the library.</summary>
public sealed class RawExtendedCapability : ModelCapability
{
    private readonly ushort _id;
    private readonly byte _version;
    private readonly byte[] _bytes;
    private readonly byte[] _writable;
    private readonly byte[] _clearable;

    /// <summary>Declares the capability.</summary>
    /// <param name="id">The capability's id; 0 and FFFFh mean that there is none.</param>
    /// <param name="version">Its version, 0 to 15.</param>
    /// <param name="bytes">What follows the header of 4 bytes; 1 to 3836 bytes.</param>
    /// <param name="writable">Which bits a driver may write, byte for byte; none unless given. They do not survive a reset.</param>
    /// <param name="clearable">Which bits a driver clears by writing ones.</param>
    /// <exception cref="ArgumentException">Too many bytes or none, masks for more bytes than there are, or no such id or version.</exception>
    public RawExtendedCapability(
        ushort id, byte version, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> writable = default, ReadOnlySpan<byte> clearable = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, 15);
        if (id is 0 or ushort.MaxValue)
        {
            throw new ArgumentException($"0x{id:x4} says that there is no capability", nameof(id));
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
