namespace Vfio.Tests;

public sealed class Crc32CTests
{
    // RFC 3720, B.4, and the usual check value.
    [Fact]
    public void It_is_the_sum_of_the_standard()
    {
        Assert.Equal(0xe3069283u, Crc32C.Of("123456789"u8));
        Assert.Equal(0x8a9136aau, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62a8ab43u, Crc32C.Of([.. Enumerable.Repeat((byte)0xff, 32)]));
        Assert.Equal(0u, Crc32C.Of([]));
    }

    [Fact]
    public void It_does_not_matter_how_the_bytes_are_cut()
    {
        byte[] bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        for (int at = 0; at < 40; at++)
        {
            Assert.Equal(
                Crc32C.Of(bytes),
                Crc32C.End(Crc32C.Add(Crc32C.Add(Crc32C.Start, bytes.AsSpan(0, at)), bytes.AsSpan(at))));
        }
    }
}
