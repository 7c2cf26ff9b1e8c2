using Vfio.Pci;

namespace Vfio.Tests;

public sealed class RegisterFieldTests
{
    private static readonly RegisterField Speed =
        new("SPEED", 6, 2, "Speed") { Values = [new(0, "10 Mb/s"), new(2, "1000 Mb/s")] };

    [Theory]
    [InlineData(0, 1, 0x1ul)]
    [InlineData(63, 1, 0x8000000000000000ul)]
    [InlineData(8, 4, 0xf00ul)]
    [InlineData(0, 64, ulong.MaxValue)]
    [InlineData(1, 63, 0xfffffffffffffffeul)]
    [InlineData(32, 32, 0xffffffff00000000ul)]
    public void A_field_masks_its_bits(int low, int count, ulong mask)
    {
        RegisterField field = new("F", low, count, "A field");
        Assert.Equal(mask, field.Mask);
        Assert.Equal(mask >> low, field.Extract(ulong.MaxValue));
        Assert.Equal(mask >> low, field.Extract(mask));
        Assert.Equal(0ul, field.Extract(~mask));
        Assert.Equal(mask, field.Insert(0, mask >> low));
        Assert.Equal(~mask, field.Insert(ulong.MaxValue, 0));
    }

    [Fact]
    public void A_number_that_does_not_fit_is_refused()
    {
        Assert.Equal(0xc0ul, Speed.Insert(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Speed.Insert(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Speed.Insert(0, ulong.MaxValue));
    }

    [Theory]
    [InlineData(0x00ul, "10 Mb/s")]
    [InlineData(0x80ul, "1000 Mb/s")]
    [InlineData(0xbful, "1000 Mb/s")]
    [InlineData(0x40ul, "1")]
    [InlineData(0xc0ul, "3")]
    public void A_value_is_described_by_its_name_or_else_its_number(ulong raw, string text) =>
        Assert.Equal(text, Speed.Describe(raw));

    [Fact]
    public void A_number_is_described_in_the_base_that_people_read()
    {
        Assert.Equal("171", new RegisterField("N", 4, 8, "Number").Describe(0xab0));
        Assert.Equal("0xab", new RegisterField("N", 4, 8, "Number") { IsHexadecimal = true }.Describe(0xab0));
    }

    [Fact]
    public void One_bit_without_names_is_a_flag()
    {
        RegisterField flag = new("LU", 1, 1, "Link up");
        Assert.True(flag.IsFlag);
        Assert.Equal("+", flag.Describe(2));
        Assert.Equal("-", flag.Describe(1));
        RegisterField named = flag with { Values = [new(0, "down"), new(1, "up")] };
        Assert.False(named.IsFlag);
        Assert.Equal("up", named.Describe(2));
        Assert.False(Speed.IsFlag);
    }

    [Theory]
    [InlineData(0, 0x1ul)]
    [InlineData(31, 0x80000000ul)]
    [InlineData(63, 0x8000000000000000ul)]
    public void Only_one_bit_is_read_and_changed(int bit, ulong mask)
    {
        Assert.True(RegisterBits.IsSet(mask, bit));
        Assert.False(RegisterBits.IsSet(~mask, bit));
        Assert.Equal(mask, RegisterBits.SetBits(0, bit, true));
        Assert.Equal(~mask, RegisterBits.SetBits(ulong.MaxValue, bit, false));
        Assert.Equal(0x55ul | mask, RegisterBits.SetBits(0x55 | mask, bit, true));
    }
}
