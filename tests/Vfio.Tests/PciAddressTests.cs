using System.Globalization;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class PciAddressTests
{
    [Theory]
    [InlineData("0000:00:14.3", 0u, 0x00, 0x14, 3)]
    [InlineData("00:14.3", 0u, 0x00, 0x14, 3)]
    [InlineData("ff:1f.7", 0u, 0xff, 0x1f, 7)]
    [InlineData("FF:1F.7", 0u, 0xff, 0x1f, 7)]
    [InlineData("ABCD:Ef:0a.0", 0xabcdu, 0xef, 0x0a, 0)]
    [InlineData("10000:01:00.0", 0x10000u, 1, 0, 0)]
    [InlineData("abcde:01:00.0", 0xabcdeu, 1, 0, 0)]
    [InlineData("123456:01:00.0", 0x123456u, 1, 0, 0)]
    [InlineData("1234567:01:00.0", 0x1234567u, 1, 0, 0)]
    [InlineData("ffffffff:ff:1f.7", 0xffffffffu, 0xff, 0x1f, 7)]
    [InlineData("00000001:00:00.0", 1u, 0, 0, 0)]
    public void Every_form_people_write_is_read(string text, uint domain, int bus, int device, int function)
    {
        PciAddress address = PciAddress.Parse(text);
        Assert.Equal((domain, bus, device, function), (address.Domain, address.Bus, address.Device, address.Function));
        Assert.True(PciAddress.TryParse(text, out PciAddress same));
        Assert.Equal(address, same);
        Assert.Equal(address, PciAddress.Parse(text.AsSpan()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("14.3")]
    [InlineData(":14.3")]
    [InlineData("00:14")]
    [InlineData("00:14.")]
    [InlineData("00:14.8")]
    [InlineData("00:14.33")]
    [InlineData("00:20.0")]
    [InlineData("00:ff.0")]
    [InlineData("0:14.3")]
    [InlineData("000:14.3")]
    [InlineData("00:1.3")]
    [InlineData("000:00:14.3")]
    [InlineData("0:00:14.3")]
    [InlineData(":00:14.3")]
    [InlineData("000000000:00:14.3")]
    [InlineData("100000000:00:14.3")]
    [InlineData("0000:00:14.3 ")]
    [InlineData(" 0000:00:14.3")]
    [InlineData("0000:00:14.3\n")]
    [InlineData("0000:00:14.3\0")]
    [InlineData("0000:00:14:3")]
    [InlineData("0000.00:14.3")]
    [InlineData("0000:0000:00:14.3")]
    [InlineData("0x00:00:14.3")]
    [InlineData("+000:00:14.3")]
    [InlineData("-001:00:14.3")]
    [InlineData(" 000:00:14.3")]
    [InlineData("0000:+0:14.3")]
    [InlineData("0000: 0:14.3")]
    [InlineData("0000:00:-1.3")]
    [InlineData("0000:00:14.-")]
    [InlineData("000g:00:14.3")]
    [InlineData("00:14.3/../../etc")]
    [InlineData("../../../etc/passwd")]
    [InlineData("٠٠:١٤.٣")]
    [InlineData("００:１４.３")]
    [InlineData("0000:00:14.\u0663")]
    [InlineData("::::")]
    [InlineData("eth0")]
    public void An_invalid_address_is_refused(string text)
    {
        Assert.False(PciAddress.TryParse(text, out PciAddress address));
        Assert.Equal(default, address);
        FormatException refusal = Assert.Throws<FormatException>(() => PciAddress.Parse(text));
        Assert.Contains("0000:00:14.3", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_text_does_not_come_back_whole()
    {
        FormatException refusal = Assert.Throws<FormatException>(() => PciAddress.Parse(new string('x', 1 << 20)));
        Assert.InRange(refusal.Message.Length, 40, 200);
    }

    [Fact]
    public void Null_is_not_an_address()
    {
        Assert.False(PciAddress.TryParse((string?)null, out _));
        Assert.Throws<ArgumentNullException>(() => PciAddress.Parse((string)null!));
    }

    [Theory]
    [InlineData(0u, "0000:01:02.3")]
    [InlineData(0xffffu, "ffff:01:02.3")]
    [InlineData(0x10000u, "10000:01:02.3")]
    [InlineData(0x123456u, "123456:01:02.3")]
    [InlineData(0x1234567u, "1234567:01:02.3")]
    [InlineData(0xffffffffu, "ffffffff:01:02.3")]
    public void Text_is_the_kernels_and_reads_back_to_the_same_address(uint domain, string text)
    {
        PciAddress address = new(domain, 1, 2, 3);
        Assert.Equal(text, address.ToString());
        Assert.Equal(address, PciAddress.Parse(text));
    }

    [Fact]
    public void Every_device_and_function_of_a_bus_reads_back()
    {
        for (int device = 0; device < 32; device++)
        {
            for (int function = 0; function < 8; function++)
            {
                PciAddress address = new(0, 0xa5, (byte)device, (byte)function);
                Assert.Equal(address, PciAddress.Parse(address.ToString()));
            }
        }
    }

    [Theory]
    [InlineData(32, 0)]
    [InlineData(255, 0)]
    [InlineData(0, 8)]
    [InlineData(0, 255)]
    public void A_part_out_of_range_is_refused(byte device, byte function) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PciAddress(0, 0, device, function));

    [Fact]
    public void Order_is_that_of_the_scan_of_the_bus()
    {
        PciAddress[] ordered = [.. ((string[])[
            "0000:00:00.0", "0000:00:00.7", "0000:00:01.0", "0000:00:1f.7", "0000:01:00.0", "0000:ff:1f.7",
            "0001:00:00.0",
            "ffff:00:00.0", "10000:00:00.0", "ffffffff:ff:1f.7",
        ]).Select(text => PciAddress.Parse(text))];
        Assert.Equal(ordered, ordered.Reverse().Order());
        for (int i = 0; i < ordered.Length; i++)
        {
            for (int j = 0; j < ordered.Length; j++)
            {
                Assert.Equal(i.CompareTo(j), Math.Sign(ordered[i].CompareTo(ordered[j])));
                Assert.Equal(i < j, ordered[i] < ordered[j]);
                Assert.Equal(i > j, ordered[i] > ordered[j]);
                Assert.Equal(i <= j, ordered[i] <= ordered[j]);
                Assert.Equal(i >= j, ordered[i] >= ordered[j]);
                Assert.Equal(i == j, ordered[i] == ordered[j]);
            }
        }
    }

    [Fact]
    public void Generic_parsing_gives_the_same()
    {
        Assert.Equal(new PciAddress(0, 0, 0x14, 3), Generic<PciAddress>("00:14.3"));
        Assert.Throws<FormatException>(() => Generic<PciAddress>("00:14.9"));
        static T Generic<T>(string text)
            where T : ISpanParsable<T>
        {
            T parsed = T.Parse(text.AsSpan(), CultureInfo.InvariantCulture);
            Assert.True(T.TryParse(text, CultureInfo.InvariantCulture, out T? same));
            Assert.Equal(parsed, same);
            Assert.Equal(parsed, T.Parse(text, CultureInfo.InvariantCulture));
            return parsed;
        }
    }
}
