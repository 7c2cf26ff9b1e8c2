using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class PlaceTests
{
    [Theory]
    [InlineData("bar0+0x10", RegionIndex.Bar0, 0x10)]
    [InlineData("BAR5+16", RegionIndex.Bar5, 16)]
    [InlineData("config+4", RegionIndex.Config, 4)]
    [InlineData("rom+0", RegionIndex.Rom, 0)]
    [InlineData("bar2", RegionIndex.Bar2, 0)]
    [InlineData("Config+0XFfc", RegionIndex.Config, 0xffc)]
    [InlineData("bar0+010", RegionIndex.Bar0, 10)]
    [InlineData("bar0+0xffffffffffffffff", RegionIndex.Bar0, ulong.MaxValue)]
    public void A_place_is_a_region_and_an_offset(string text, RegionIndex region, ulong offset)
    {
        Assert.True(Place.TryParse(text, out Place place, out string _));
        Assert.Equal(new Place(region, offset), place);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("+0x10")]
    [InlineData("bar")]
    [InlineData("bar6")]
    [InlineData("bar-1")]
    [InlineData("bar00")]
    [InlineData("0")]
    [InlineData("bar0+")]
    [InlineData("bar0+0x")]
    [InlineData("bar0++4")]
    [InlineData("bar0+-4")]
    [InlineData("bar0+4+4")]
    [InlineData("bar0+ 4")]
    [InlineData(" bar0")]
    [InlineData("bar0+0x10000000000000000")]
    [InlineData("bar0+18446744073709551616")]
    [InlineData("bar0+1e3")]
    [InlineData("bar0+٣")]
    [InlineData("bar0-4")]
    [InlineData("bar0:4")]
    public void Anything_else_is_a_mistake_in_one_line(string text)
    {
        Assert.False(Place.TryParse(text, out Place _, out string mistake));
        Assert.DoesNotContain('\n', mistake);
        Assert.NotEmpty(mistake);
    }

    [Fact]
    public void An_error_repeats_neither_control_characters_nor_long_texts()
    {
        Assert.False(Place.TryParse("\e[31m" + new string('x', 10_000), out Place _, out string mistake));
        Assert.DoesNotContain('\e', mistake);
        Assert.True(mistake.Length < 200);
    }

    [Fact]
    public void A_place_is_written_as_it_is_typed()
    {
        Assert.Equal("bar0+0x08", new Place(RegionIndex.Bar0, 8).ToString());
        Assert.Equal("config+0x0100", new Place(RegionIndex.Config, 256).ToString(digits: 4));
    }

    [Theory]
    [InlineData("0", 0ul)]
    [InlineData("0xDEADbeef", 0xdeadbeef)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    public void Numbers_are_decimal_or_hexadecimal(string text, ulong expected)
    {
        Assert.True(Number.TryParse(text, out ulong value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1 ")]
    [InlineData("1_000")]
    [InlineData("1,000")]
    [InlineData("0b1")]
    [InlineData("ff")]
    [InlineData("0x-1")]
    [InlineData("0x0x1")]
    public void Other_texts_are_not_numbers(string text) => Assert.False(Number.TryParse(text, out ulong _));
}
