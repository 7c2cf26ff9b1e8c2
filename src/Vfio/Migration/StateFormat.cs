using System.Buffers.Binary;
using System.Text;

namespace Vfio;

/// <summary>
/// Defines the format of a saved state: a header with the device's identity, the state in parts with a checksum each,
/// and an end with the length and a checksum of everything. Little-endian; docs/migration.md has the layout. A file is
/// untrusted input.
/// </summary>
internal static class StateFormat
{
    public const int FixedHeaderBytes = 32;
    public const int PartHeaderBytes = 8;
    public const int EndBytes = 20;
    public const int MostPartBytes = 1 << 20;
    private const int MostTypeBytes = 512;
    private const uint Version = 1;
    private const int SumBytes = sizeof(uint);

    private static ReadOnlySpan<byte> Magic => "VFIOMIGR"u8;

    public static byte[] WriteHeader(MigrationIdentity identity)
    {
        int typeBytes = Encoding.UTF8.GetByteCount(identity.Type);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(typeBytes, MostTypeBytes);
        byte[] header = new byte[FixedHeaderBytes + typeBytes + SumBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), (uint)header.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(16), identity.VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(18), identity.DeviceId);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(20), identity.SubsystemVendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(22), identity.SubsystemId);
        header[24] = identity.Revision;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(26), (ushort)typeBytes);
        Encoding.UTF8.GetBytes(identity.Type, header.AsSpan(FixedHeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(
            header.AsSpan(header.Length - SumBytes), Crc32C.Of(header.AsSpan(0, header.Length - SumBytes)));
        return header;
    }

    /// <summary>Gets the length of the whole header from its fixed part.</summary>
    public static int HeaderBytes(ReadOnlySpan<byte> start)
    {
        if (!start[..Magic.Length].SequenceEqual(Magic))
        {
            throw new InvalidDataException("this is not the saved state of a device: it does not begin like one");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (version != Version)
        {
            throw new InvalidDataException(
                $"the saved state has version {version}, and this library reads version {Version}");
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        int typeBytes = BinaryPrimitives.ReadUInt16LittleEndian(start[26..]);
        return typeBytes <= MostTypeBytes && length == (uint)(FixedHeaderBytes + typeBytes + SumBytes)
            ? (int)length
            : throw Damaged("its header");
    }

    public static MigrationIdentity ReadHeader(ReadOnlySpan<byte> header)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[^SumBytes..]) != Crc32C.Of(header[..^SumBytes]))
        {
            throw Damaged("its header");
        }

        return new MigrationIdentity(
            BinaryPrimitives.ReadUInt16LittleEndian(header[16..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[18..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[20..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[22..]),
            header[24],
            Encoding.UTF8.GetString(header[FixedHeaderBytes..^SumBytes]));
    }

    public static void WritePartHeader(Span<byte> place, ReadOnlySpan<byte> part)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(place, (uint)part.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(place[4..], Crc32C.Of(part));
    }

    public static void WriteEnd(Span<byte> place, ulong length, uint sum)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(place, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(place[4..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(place[12..], sum);
        BinaryPrimitives.WriteUInt32LittleEndian(place[16..], Crc32C.Of(place[..16]));
    }

    public static void CheckEnd(ReadOnlySpan<byte> end, ulong length, uint sum)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(end[16..]) != Crc32C.Of(end[..16])
            || BinaryPrimitives.ReadUInt64LittleEndian(end[4..]) != length
            || BinaryPrimitives.ReadUInt32LittleEndian(end[12..]) != sum)
        {
            throw Damaged("its end: parts are missing, duplicated or out of order");
        }
    }

    public static InvalidDataException Damaged(string where) => new($"the saved state is damaged in {where}");
}
