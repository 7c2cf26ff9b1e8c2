using System.Buffers.Binary;
using System.Numerics;

namespace Vfio;

/// <summary>CRC-32C (RFC 3720, B.4): finds damage, not malice.</summary>
internal static class Crc32C
{
    public const uint Start = uint.MaxValue;

    /// <summary>Goes on with a sum that <see cref="Start"/> began.</summary>
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
