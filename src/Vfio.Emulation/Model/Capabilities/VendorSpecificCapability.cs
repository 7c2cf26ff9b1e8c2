namespace Vfio.Emulation;

/// <summary>
/// Represents a vendor-specific capability: a length, and bytes (PCI Express Base Specification 6.0, section 7.9.4).
/// </summary>
public sealed class VendorSpecificCapability : ModelCapability
{
    private readonly byte[] _bytes;
    private readonly byte[] _writable;

    /// <summary>Declares the capability.</summary>
    /// <param name="bytes">The bytes after the length; 1 to 189 bytes.</param>
    /// <param name="writable">The mask of the bits that a driver may write, byte by byte; by default, none. A reset
    /// restores their original values.</param>
    /// <exception cref="ArgumentException">There are no bytes or too many, or the mask has more bytes than there
    /// are.</exception>
    public VendorSpecificCapability(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> writable = default)
    {
        (_bytes, _writable) = RawCapability.Check(bytes, writable, most: 189);
    }

    internal override int Length => 3 + _bytes.Length;

    internal override void Declare(ModelConfigSpace config)
    {
        config.Declare(Start, 1, 0x09);
        config.Declare(Start + 2, 1, (uint)Length);
        for (int i = 0; i < _bytes.Length; i++)
        {
            config.Declare(Start + 3 + i, 1, _bytes[i], _writable[i]);
        }
    }
}
