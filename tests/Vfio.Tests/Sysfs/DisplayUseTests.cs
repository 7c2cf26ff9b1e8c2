using Vfio.Host;

namespace Vfio.Tests;

public sealed class DisplayUseTests : IDisposable
{
    private const string Resource =
        "0x00000000fd000000 0x00000000fdffffff 0x0000000000042208\n0x0000000000000000 0x0000000000000000 "
        + "0x0000000000000000\n";

    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private string[] Uses(FakeDevice device) =>
        [.. new DisplayUse(_host.Root).Of(device.Info).Select(use => use.OfDevice)];

    private FakeDevice AddDisplay(string classCode = "030000") =>
        _host.AddDevice("0000:00:02.0", "1234:1111", classCode, driver: "bochs");

    [Fact]
    public void A_display_that_shows_nothing_of_the_host_has_no_use() =>
        Assert.Empty(Uses(AddDisplay().WithAttribute("boot_vga", "0\n").WithAttribute("resource", Resource)));

    [Fact]
    public void The_boot_display_is_in_use() =>
        Assert.Equal(["it is the boot display"], Uses(AddDisplay().WithAttribute("boot_vga", "1\n")));

    [Fact]
    public void The_consoles_framebuffer_is_in_use()
    {
        FakeDevice display = AddDisplay("038000");
        _host.Write($"{display.Path}/graphics/fb0/name", "bochsdrmfb\n");
        _host.Link("sys/class/graphics/fb0", $"{display.Path}/graphics/fb0");
        Assert.Equal(["it carries the console's framebuffer fb0"], Uses(display));
    }

    [Fact]
    public void A_second_framebuffer_is_not()
    {
        FakeDevice display = AddDisplay();
        _host.Write($"{display.Path}/graphics/fb1/name", "bochsdrmfb\n");
        _host.Link("sys/class/graphics/fb1", $"{display.Path}/graphics/fb1");
        Assert.Empty(Uses(display));
    }

    [Theory]
    [InlineData("fd000000-fdffffff : PCI Bus 0000:00\n  fd000000-fd2fffff : BOOTFB\n", true)]
    [InlineData("fd000000-fd2fffff : simple-framebuffer\n", true)]
    [InlineData("    fd000000-fdffffff : efifb\n", true)]
    [InlineData("fd000000-fdffffff : 0000:00:02.0\n", false)]
    [InlineData("fc000000-fd2fffff : BOOTFB\n", false)]
    [InlineData("fdffff00-fe000000 : BOOTFB\n", false)]
    [InlineData("00000000-00000000 : BOOTFB\n", false)]
    [InlineData("BOOTFB\n : BOOTFB\n- : BOOTFB\nx-y : BOOTFB\nfd000000 : BOOTFB\n", false)]
    public void The_firmwares_framebuffer_is_found_within_a_bar(string iomem, bool isUsed)
    {
        _host.Write("proc/iomem", iomem);
        string[] uses = Uses(AddDisplay().WithAttribute("resource", Resource));
        Assert.Equal(isUsed ? ["the firmware's framebuffer is in its memory (sysfb, simpledrm)"] : [], uses);
    }

    [Fact]
    public void A_device_that_is_not_a_display_is_not_checked()
    {
        FakeDevice nic = _host.AddDevice("0000:00:14.3", driver: "e1000e").WithAttribute("boot_vga", "1\n");
        Assert.Empty(Uses(nic));
    }
}
