namespace Vfio;

/// <summary>
/// Creates the exceptions of accesses that are not possible. The accesses throw them: the compiler then knows that the
/// path ends there, and keeps nothing for later.
/// </summary>
internal static class AccessErrors
{
    /// <summary>Creates the reason why a number is not accessed.</summary>
    /// <param name="offset">Its offset in bytes.</param>
    /// <param name="width">Its width in bytes.</param>
    /// <param name="length">The length of the memory in bytes.</param>
    /// <param name="memory">What the memory is: "a buffer".</param>
    public static Exception OfPlace(nuint offset, int width, nuint length, string memory) => width switch
    {
        not (1 or 2 or 4 or 8) => OfWidth(width),
        _ when (nuint)width > length || offset > length - (nuint)width =>
            OfRange(offset, (nuint)width, length, memory),
        _ => new ArgumentException(
            $"0x{offset:x} is not aligned to the access width of {width} bytes", nameof(offset)),
    };

    public static Exception OfRange(nuint offset, nuint range, nuint length, string memory) =>
        new ArgumentOutOfRangeException(
            nameof(offset), $"0x{range:x} bytes at 0x{offset:x} are outside {memory} of 0x{length:x} bytes");

    /// <summary>Creates the reason why a field of a ring's entry is not accessed.</summary>
    public static Exception OfField(nuint fieldOffset, int width, int entry) => width switch
    {
        not (1 or 2 or 4 or 8) => OfWidth(width),
        _ when width > entry || fieldOffset > (nuint)(entry - width) => new ArgumentOutOfRangeException(
            nameof(fieldOffset), $"a field of {width} bytes at {fieldOffset} is outside an entry of {entry} bytes"),
        _ => new ArgumentException(
            fieldOffset % (nuint)width != 0
                ? $"{fieldOffset} is not aligned to the access width of {width} bytes"
                : $"in entries of {entry} bytes, a field of {width} bytes is not always aligned",
            nameof(fieldOffset)),
    };

    public static void ThrowIfBigEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException(
                "the entries of a ring are little-endian, and this host is not: use DmaBuffer.Read and Write");
        }
    }

    private static NotSupportedException OfWidth(int width) =>
        new($"one access cannot have {width} bytes; 1, 2, 4 and 8 are supported");
}
