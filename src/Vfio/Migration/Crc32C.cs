using System.Buffers.Binary;
using System.Numerics;

namespace Vfio;

/// <summary>Computes CRC-32C (RFC 3720, appendix B.4), which detects accidental damage, but not manipulation.</summary>
internal static class Crc32C
{
    public const uint Start = uint.MaxValue;

    /// <summary>Continues a checksum that <see cref="Start"/> began.</summary>
    public static uint Add(uint sum, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (byte value in data)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return sum;
    }

    public static uint End(uint sum) => ~sum;

    public static uint Of(ReadOnlySpan<byte> data) => End(Add(Start, data));
}
