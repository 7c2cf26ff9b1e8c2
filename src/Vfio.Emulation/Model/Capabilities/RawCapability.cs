namespace Vfio.Emulation;

/// <summary>A capability given as bytes, for those that have no class of their own here. Its bits mean nothing to the library.</summary>
public sealed class RawCapability : ModelCapability
{
    private readonly byte _id;
    private readonly byte[] _bytes;
    private readonly byte[] _writable;
    private readonly byte[] _clearable;

    /// <summary>Declares the capability.</summary>
    /// <param name="id">The capability's id.</param>
    /// <param name="bytes">What follows the pointer to the next capability; 1 to 190 bytes.</param>
    /// <param name="writable">Which bits a driver may write, byte for byte; none unless given. They do not survive a reset.</param>
    /// <param name="clearable">Which bits a driver clears by writing ones.</param>
    /// <exception cref="ArgumentException">Too many bytes or none, or masks for more bytes than there are.</exception>
    public RawCapability(byte id, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> writable = default, ReadOnlySpan<byte> clearable = default)
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

    /// <summary>The bytes, and a mask for each of them.</summary>
    internal static (byte[] Bytes, byte[] Mask) Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> mask, int most)
    {
        if (bytes.Length == 0 || bytes.Length > most)
        {
            throw new ArgumentException($"1 to {most} bytes, not {bytes.Length}", nameof(bytes));
        }

        if (mask.Length > bytes.Length)
        {
            throw new ArgumentException($"masks for {mask.Length} bytes, of which there are {bytes.Length}", nameof(mask));
        }

        byte[] whole = new byte[bytes.Length];
        mask.CopyTo(whole);
        return (bytes.ToArray(), whole);
    }
}
