using System.Buffers.Binary;

namespace Vfio.Emulation;

/// <summary>
/// Represents the MSI-X table and the pending bits in a BAR (PCI Express Base Specification 6.0, section 6.1.4.2). Each
/// vector has 16 bytes in the table, of which the last four contain the mask bit, and one pending bit.
/// </summary>
internal sealed class MsixTable
{
    private const int EntryLength = 16;
    private const int ControlOffset = 12;
    private const byte MaskBit = 1;

    private readonly Action<int> _unmasked;
    private readonly byte[] _table;
    private readonly byte[] _pending;

    public MsixTable(MsixCapability capability, Action<int> unmasked)
    {
        _unmasked = unmasked;
        Vectors = capability.Vectors;
        TableOffset = capability.TableOffset;
        PendingOffset = capability.PendingOffset;
        _table = new byte[Vectors * EntryLength];
        _pending = new byte[(Vectors + 63) / 64 * 8];
        Reset();
    }

    public int Vectors { get; }

    public ulong TableOffset { get; }

    public ulong TableLength => (ulong)_table.Length;

    public ulong PendingOffset { get; }

    public ulong PendingLength => (ulong)_pending.Length;

    public bool Overlaps(ulong offset, ulong length) =>
        Overlap(offset, length, TableOffset, TableLength) || Overlap(offset, length, PendingOffset, PendingLength);

    public bool Covers(ulong offset) => offset - TableOffset < TableLength || offset - PendingOffset < PendingLength;

    public bool IsMasked(int vector) => (_table[(vector * EntryLength) + ControlOffset] & MaskBit) != 0;

    public bool IsPending(int vector) => (_pending[vector / 8] & (1 << (vector % 8))) != 0;

    public void SetPending(int vector, bool isPending)
    {
        byte bit = (byte)(1 << (vector % 8));
        _pending[vector / 8] = (byte)(isPending ? _pending[vector / 8] | bit : _pending[vector / 8] & ~bit);
    }

    public void SetMask(int vector, bool isMasked)
    {
        _table[(vector * EntryLength) + ControlOffset] = isMasked ? MaskBit : (byte)0;
        if (!isMasked)
        {
            _unmasked(vector);
        }
    }

    /// <summary>Resets the table: every vector is masked and none is pending.</summary>
    public void Reset()
    {
        _table.AsSpan().Clear();
        _pending.AsSpan().Clear();
        for (int vector = 0; vector < Vectors; vector++)
        {
            _table[(vector * EntryLength) + ControlOffset] = MaskBit;
        }
    }

    public void ClearPending() => _pending.AsSpan().Clear();

    public ulong Read(ulong offset, int width)
    {
        ReadOnlySpan<byte> at = offset - TableOffset < TableLength
            ? _table.AsSpan((int)(offset - TableOffset))
            : _pending.AsSpan((int)(offset - PendingOffset));
        return width switch
        {
            1 => at[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(at),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(at),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(at),
        };
    }

    /// <summary>
    /// Writes to the table. Narrow writes, which the specification leaves undefined, are ignored, and so are writes to
    /// pending bits.
    /// </summary>
    public void Write(ulong offset, int width, ulong value)
    {
        if (width < 4 || offset - TableOffset >= TableLength)
        {
            return;
        }

        int at = (int)(offset - TableOffset);
        WriteDword(at, (uint)value);
        if (width == 8)
        {
            WriteDword(at + 4, (uint)(value >> 32));
        }
    }

    private void WriteDword(int at, uint value)
    {
        if (at % EntryLength == ControlOffset)
        {
            SetMask(at / EntryLength, (value & MaskBit) != 0);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_table.AsSpan(at), value);
        }
    }

    private static bool Overlap(ulong offset, ulong length, ulong otherOffset, ulong otherLength) =>
        offset < otherOffset + otherLength && otherOffset < offset + length;
}
