namespace Vfio.Cli.Tests;

/// <summary>What can be said of registers without a device. The rest is tested on real ones, in the machine.</summary>
public sealed class RegisterTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("read", "0000:7f:00.0", "bar0")]
    [InlineData("write", "0000:7f:00.0", "bar0", "1")]
    public void An_absent_device(params string[] arguments) =>
        Tool.Run(_host, arguments).FailedWith(1, "0000:7f:00.0: no PCI device has this address", "vfio list");

    [Fact]
    public void A_device_of_a_host_driver() =>
        Tool.Run(_host, "read", "00:14.3", "bar0").FailedWith(1, "the device belongs to the driver e1000e", "vfio bind 0000:00:14.3");

    [Fact]
    public void A_host_without_vfio() =>
        Tool.Run(_host, "read", "0000:03:01.0", "bar0").FailedWith(1, "open on /dev/vfio/vfio: ENOENT", "modprobe vfio-pci");

    [Theory]
    [InlineData(0x1f, 8, "0x1f")]
    [InlineData(0x1f, 16, "0x001f")]
    [InlineData(0x1f, 32, "0x0000001f")]
    [InlineData(0x1f, 64, "0x000000000000001f")]
    public void A_value_has_all_digits_of_its_width(ulong value, int bits, string text) => Assert.Equal(text, RegisterWidth.Format(value, bits));

    [Theory]
    [InlineData(0xff, 8, true)]
    [InlineData(0x100, 8, false)]
    [InlineData(0xffff_ffff, 32, true)]
    [InlineData(0x1_0000_0000, 32, false)]
    [InlineData(ulong.MaxValue, 64, true)]
    public void A_value_must_fit_its_width(ulong value, int bits, bool fits) => Assert.Equal(fits, RegisterWidth.Fits(value, bits));

    [Theory]
    [InlineData(0x1000, 0, 32, 1024)]
    [InlineData(0x1000, 0xffc, 32, 1)]
    [InlineData(1, 0, 8, 1)]
    public void Registers_within_the_region(ulong length, ulong offset, int bits, int count) =>
        RegisterWidth.CheckRange("read", length, new Place(RegionIndex.Bar0, offset), bits, count);

    [Theory]
    [InlineData(0x1000, 0, 32, 1025, "bar0+0xffc")]
    [InlineData(0x1000, 0x1000, 8, 1, "bar0+0xfff")]
    [InlineData(0x1000, ulong.MaxValue & ~7ul, 64, 1 << 24, "bar0+0xff8")]
    [InlineData(2, 0, 32, 1, "0x2 bytes")]
    public void Registers_outside_the_region(ulong length, ulong offset, int bits, int count, string hint)
    {
        CliException error = Assert.Throws<CliException>(
            () => RegisterWidth.CheckRange("read", length, new Place(RegionIndex.Bar0, offset), bits, count));
        Assert.Contains("outside bar0", error.Message, StringComparison.Ordinal);
        Assert.Contains(hint, error.Message + error.Hint, StringComparison.Ordinal);
        Assert.Equal(1, error.ExitCode);
    }
}
