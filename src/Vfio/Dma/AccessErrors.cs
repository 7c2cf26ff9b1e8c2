using System.Diagnostics.CodeAnalysis;

namespace Vfio;

/// <summary>Says why an access of memory for DMA is not possible. Outside the accesses, so that they are
/// short.</summary>
internal static class AccessErrors
{
    /// <summary>Throws the reason why a number is not accessed.</summary>
    /// <param name="offset">Its offset in bytes.</param>
    /// <param name="width">Its width in bytes.</param>
    /// <param name="length">The length of the memory in bytes.</param>
    /// <param name="memory">What the memory is: "a buffer".</param>
    [DoesNotReturn]
    public static void ThrowMisplaced(nuint offset, int width, nuint length, string memory)
    {
        ThrowIfWrong(width);
        if ((nuint)width > length || offset > length - (nuint)width)
        {
            ThrowOutside(offset, (nuint)width, length, memory);
        }

        throw new ArgumentException(
            $"0x{offset:x} is not aligned to the access width of {width} bytes", nameof(offset));
    }

    [DoesNotReturn]
    public static void ThrowOutside(nuint offset, nuint range, nuint length, string memory) =>
        throw new ArgumentOutOfRangeException(
            nameof(offset), $"0x{range:x} bytes at 0x{offset:x} are outside {memory} of 0x{length:x} bytes");

    /// <summary>Throws the reason why a field of a ring's entry is not accessed.</summary>
    [DoesNotReturn]
    public static void ThrowField(nuint fieldOffset, int width, int entry)
    {
        ThrowIfWrong(width);
        if (width > entry || fieldOffset > (nuint)(entry - width))
        {
            throw new ArgumentOutOfRangeException(
                nameof(fieldOffset), $"a field of {width} bytes at {fieldOffset} is outside an entry of {entry} bytes");
        }

        throw new ArgumentException(
            fieldOffset % (nuint)width != 0
                ? $"{fieldOffset} is not aligned to the access width of {width} bytes"
                : $"in entries of {entry} bytes, a field of {width} bytes is not always aligned",
            nameof(fieldOffset));
    }

    public static void ThrowIfBigEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException(
                "the entries of a ring are little-endian, and this host is not: use DmaBuffer.Read and Write");
        }
    }

    private static void ThrowIfWrong(int width)
    {
        if (width is not (1 or 2 or 4 or 8))
        {
            throw new NotSupportedException($"one access cannot have {width} bytes; 1, 2, 4 and 8 are supported");
        }
    }
}
