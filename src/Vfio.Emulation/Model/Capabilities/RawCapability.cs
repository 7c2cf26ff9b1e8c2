namespace Vfio.Emulation;

/// <summary>
/// Represents a capability that is given as bytes, for capabilities without their own class here. The library does not
/// interpret its bits.
/// </summary>
public sealed class RawCapability : ModelCapability
{
    private readonly byte _id;
    private readonly byte[] _bytes;
    private readonly byte[] _writable;
    private readonly byte[] _clearable;

    /// <summary>Declares the capability.</summary>
    /// <param name="id">The capability ID.</param>
    /// <param name="bytes">The bytes after the pointer to the next capability; 1 to 190 bytes.</param>
    /// <param name="writable">The mask of the bits that a driver may write, byte by byte; by default, none. A reset
    /// restores their original values.</param>
    /// <param name="clearable">The mask of the bits that a driver clears by writing ones.</param>
    /// <exception cref="ArgumentException">There are no bytes or too many, or a mask has more bytes than there
    /// are.</exception>
    public RawCapability(
        byte id,
        ReadOnlySpan<byte> bytes,
        ReadOnlySpan<byte> writable = default,
        ReadOnlySpan<byte> clearable = default)
    {
        _id = id;
        (_bytes, _writable) = Check(bytes, writable, most: 190);
        (_, _clearable) = Check(bytes, clearable, most: 190);
    }

    internal override int Length => 2 + _bytes.Length;

    internal override void Declare(ModelConfigSpace config)
    {
        config.Declare(Start, 1, _id);
        for (int i = 0; i < _bytes.Length; i++)
        {
            config.Declare(Start + 2 + i, 1, _bytes[i], _writable[i], _clearable[i]);
        }
    }

    /// <summary>Returns the bytes, and a mask of the same length.</summary>
    internal static (byte[] Bytes, byte[] Mask) Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> mask, int most)
    {
        if (bytes.Length == 0 || bytes.Length > most)
        {
            throw new ArgumentException($"there must be 1 to {most} bytes, not {bytes.Length}", nameof(bytes));
        }

        if (mask.Length > bytes.Length)
        {
            throw new ArgumentException(
                $"the mask has {mask.Length} bytes, but there are only {bytes.Length}", nameof(mask));
        }

        byte[] whole = new byte[bytes.Length];
        mask.CopyTo(whole);
        return (bytes.ToArray(), whole);
    }
}
