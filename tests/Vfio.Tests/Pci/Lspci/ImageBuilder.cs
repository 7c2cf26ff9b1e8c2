using System.Buffers.Binary;

namespace Vfio.Tests.Pci;

/// <summary>
/// Builds configuration spaces: real structures at plausible offsets, with random fields from a seed, so that over many
/// images each field has all its values.
/// </summary>
internal sealed class ImageBuilder
{
    private readonly Random _random;
    private readonly byte[] _bytes;
    private readonly int _pointer;
    private int _link;
    private int _next;
    private int _extendedLink = -1;
    private int _extendedNext = 0x100;

    public ImageBuilder(int seed, int headerType, int length = 4096)
    {
        _random = new Random(seed);
        _bytes = new byte[length];
        Fill(0, 64);
        _pointer = headerType == 2 ? 0x14 : 0x34;
        _link = _pointer;
        _next = headerType == 2 ? 0x48 : 0x40;
        if (headerType == 2)
        {
            Fill(0x40, 8);
        }

        SetWord(0x00, (ushort)(0x8000 | _random.Next(0x7000)));
        SetWord(0x06, (ushort)(Word(0x06) | 0x10));
        _bytes[0x0b] = headerType == 0 ? (byte)_random.Next(6) : (byte)6; // bridges are of the class of bridges
        _bytes[0x0e] = (byte)(headerType | (_random.Next(2) << 7));
        _bytes[0x3d] = (byte)_random.Next(5);
        _bytes[_pointer] = 0;
        if (headerType == 1 && _random.Next(4) != 0)
        {
            SetWindowTypes();
        }

        for (int i = 0; i < 6 && headerType == 0; i++)
        {
            RandomBaseAddress(0x10 + (4 * i));
        }
    }

    public byte[] Image => (byte[])_bytes.Clone();

    public int Next(int bound) => _random.Next(bound);

    public bool Coin() => _random.Next(2) == 0;

    public void SetVirtio() => (_bytes[0], _bytes[1], _bytes[2], _bytes[3]) = (0xf4, 0x1a, 0x41, 0x10);

    public void SetHeaderByte(int at, byte value) => _bytes[at] = value;

    public ushort Word(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(at));

    public uint DoubleWord(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(at));

    public void SetWord(int at, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(at), (ushort)value);

    public void SetDoubleWord(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(at), value);

    /// <summary>Adds a capability of the standard list, filled at random.</summary>
    /// <returns>The offset; 0 if there is not enough space.</returns>
    public int Add(byte id, int length)
    {
        int at = _next;
        if (at + length > 0x100)
        {
            return 0;
        }

        Fill(at, length);
        _bytes[at] = id;
        _bytes[at + 1] = 0;
        _bytes[_link] = (byte)at;
        _link = at + 1;
        _next = (at + length + 3) & ~3;
        return at;
    }

    /// <summary>Adds an extended capability, filled at random.</summary>
    public int AddExtended(ushort id, int length, int? version = null)
    {
        int at = _extendedNext;
        Fill(at, length);
        SetDoubleWord(at, id | (uint)(version ?? (1 + _random.Next(3))) << 16);
        if (_extendedLink >= 0)
        {
            SetDoubleWord(_extendedLink, (DoubleWord(_extendedLink) & 0xfffff) | (uint)at << 20);
        }

        _extendedLink = at;
        _extendedNext = (at + length + 3) & ~3;
        return at;
    }

    public void RandomBaseAddress(int at)
    {
        switch (_random.Next(6))
        {
            case 0:
                SetDoubleWord(at, 0);
                break;
            case 1:
                SetDoubleWord(at, uint.MaxValue);
                break;
            case 2:
                SetDoubleWord(at, (uint)_random.Next(0x10000) & ~3u | 1);
                break;
            case 3:
                SetDoubleWord(at, (uint)_random.Next(16) & ~1u); // not assigned
                break;
        }
    }

    private void SetWindowTypes()
    {
        int io = _random.Next(2);
        int prefetchable = _random.Next(2);
        (_bytes[0x1c], _bytes[0x1d]) = ((byte)((_bytes[0x1c] & 0xf0) | io), (byte)((_bytes[0x1d] & 0xf0) | io));
        SetWord(0x20, Word(0x20) & 0xfff0);
        SetWord(0x22, Word(0x22) & 0xfff0);
        SetWord(0x24, (Word(0x24) & 0xfff0) | prefetchable);
        SetWord(0x26, (Word(0x26) & 0xfff0) | prefetchable);
    }

    // Bytes of all densities, so that wide fields also have small values.
    private void Fill(int at, int length)
    {
        int density = _random.Next(4);
        for (int i = 0; i < length && at + i < _bytes.Length; i++)
        {
            _bytes[at + i] = (byte)(density switch
            {
                0 => _random.Next(256) & _random.Next(256),
                1 => _random.Next(256) | _random.Next(256),
                2 when Coin() => 0,
                _ => _random.Next(256),
            });
        }
    }
}
