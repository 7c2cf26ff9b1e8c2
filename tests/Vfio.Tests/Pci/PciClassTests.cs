using Vfio.Pci;

namespace Vfio.Tests;

public sealed class PciClassTests
{
    [Theory]
    [InlineData("010802", 0x010802)]
    [InlineData("0x010802", 0x010802)]
    [InlineData("0X0C0330", 0x0c0330)]
    [InlineData("0200", 0x020000)]
    [InlineData("0x0300", 0x030000)]
    [InlineData("ffffff", 0xffffff)]
    public void Class_code_is_read_as_people_and_the_kernel_write_it(string text, int value)
    {
        Assert.True(PciClassCode.TryParse(text, out PciClassCode code));
        Assert.Equal((uint)value, code.Value);
        Assert.Equal(code, PciClassCode.Parse(text));
        Assert.Equal(code, PciClassCode.Parse(text.AsSpan()));
        Assert.Equal(code, PciClassCode.Parse(code.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("02")]
    [InlineData("020")]
    [InlineData("02000")]
    [InlineData("0200000")]
    [InlineData("0x")]
    [InlineData(" 0200")]
    [InlineData("0200\n")]
    [InlineData("-200")]
    [InlineData("+200")]
    [InlineData("02 0")]
    [InlineData("02g0")]
    [InlineData("0x0x0200")]
    [InlineData("net")]
    public void An_invalid_class_code_is_refused(string? text)
    {
        Assert.False(PciClassCode.TryParse(text, out PciClassCode code));
        Assert.Equal(default, code);
        if (text is null)
        {
            Assert.Throws<ArgumentNullException>(() => PciClassCode.Parse(text!));
        }
        else
        {
            Assert.Throws<FormatException>(() => PciClassCode.Parse(text));
        }
    }

    [Fact]
    public void Class_code_has_its_parts()
    {
        PciClassCode code = new(0x0c0330);
        Assert.Equal(PciClass.SerialBus, code.BaseClass);
        Assert.Equal(0x03, code.Subclass);
        Assert.Equal(0x30, code.ProgrammingInterface);
        Assert.Equal(PciClassCode.UsbXhci, code);
        Assert.Equal(code, new PciClassCode(PciClass.SerialBus, 0x03, 0x30));
    }

    [Fact]
    public void Class_code_is_written_in_full_or_as_lspci_does()
    {
        Assert.Equal("010802", PciClassCode.NvmExpress.ToString());
        Assert.Equal("0108", PciClassCode.NvmExpress.ToShortString());
        Assert.Equal("000000", default(PciClassCode).ToString());
        Assert.Equal("0c0330", PciClassCode.UsbXhci.ToString());
    }

    [Fact]
    public void Class_code_has_24_bits()
    {
        Assert.Equal(0xffffffu, new PciClassCode(0xff_ffff).Value);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PciClassCode(0x100_0000));
    }

    [Theory]
    [InlineData("net", "020000", "028000", "020700")]
    [InlineData("storage", "010000", "010601", "010802")]
    [InlineData("sata", "010600", "010601")]
    [InlineData("nvme", "010802")]
    [InlineData("display", "030000", "030200", "038000")]
    [InlineData("audio", "040100", "040300", "040380")]
    [InlineData("multimedia", "040000", "040300")]
    [InlineData("memory", "050000", "050210")]
    [InlineData("bridge", "060000", "060400")]
    [InlineData("serial", "070002", "070200")]
    [InlineData("usb", "0c0330", "0c0320", "0c0340")]
    [InlineData("crypto", "100000")]
    [InlineData("accelerator", "120000", "120100", "0b4000", "400000")]
    [InlineData("01", "010000", "010802")]
    [InlineData("0108", "010801", "010802")]
    [InlineData("010802", "010802")]
    [InlineData("0x0c03", "0c0330")]
    public void Filter_chooses_its_classes(string text, params string[] codes)
    {
        PciClassFilter filter = Filter(text);
        Assert.All(codes, code => Assert.True(filter.Matches(PciClassCode.Parse(code)), code));
    }

    [Theory]
    [InlineData("net", "010000", "0d1100", "000200")]
    [InlineData("nvme", "010800", "010801", "010803", "010602")]
    [InlineData("audio", "040000", "040200", "048000")]
    [InlineData("serial", "070100", "070300", "0c0330")]
    [InlineData("usb", "0c0000", "0c0500")]
    [InlineData("accelerator", "0b2000", "130000", "110000")]
    [InlineData("00", "010000", "020000")]
    [InlineData("0108", "010600", "020800")]
    [InlineData("010802", "010803")]
    public void Filter_leaves_out_other_classes(string text, params string[] codes)
    {
        PciClassFilter filter = Filter(text);
        Assert.All(codes, code => Assert.False(filter.Matches(PciClassCode.Parse(code)), code));
    }

    [Fact]
    public void Filter_words_are_all_understood_in_either_case() => Assert.All(PciClassFilter.Words, word =>
    {
        Assert.Equal(word, Filter(word).Name);
        Assert.Equal(word, Filter(word.ToUpperInvariant()).ToString());
    });

    [Theory]
    [InlineData("")]
    [InlineData("network")]
    [InlineData("2")]
    [InlineData("020")]
    [InlineData("0200000")]
    [InlineData("0xnet")]
    [InlineData(" net")]
    [InlineData("gg")]
    public void An_invalid_filter_is_refused(string text)
    {
        Assert.False(PciClassFilter.TryParse(text, out PciClassFilter? filter));
        Assert.Null(filter);
    }

    private static PciClassFilter Filter(string text)
    {
        Assert.True(PciClassFilter.TryParse(text, out PciClassFilter? filter), text);
        return filter!;
    }
}
