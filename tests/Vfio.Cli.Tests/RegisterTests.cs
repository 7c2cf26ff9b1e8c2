using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class RegisterTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();
    private readonly FakeBackend _device = new();

    public RegisterTests()
    {
        _device.Add(RegionIndex.Bar0, [.. Enumerable.Range(0, 0x1000).Select(i => (byte)i)]);
        _device.Add(RegionIndex.Rom, new byte[0x800], canWrite: false);
        _device.Add(RegionIndex.Config, new byte[0x1000]);
    }

    public void Dispose()
    {
        _device.Dispose();
        _host.Dispose();
    }

    [Theory]
    [InlineData("0x0b0a0908\n", "bar0+8")]
    [InlineData("0x08\n", "bar0+8", "-w", "8")]
    [InlineData("0x08\n", "bar0+8", "-w8")]
    [InlineData("0x0908\n", "bar0+8", "-w", "16", "-n", "1")]
    [InlineData("0x0f0e0d0c0b0a0908\n", "bar0+0x8", "--width", "64")]
    [InlineData("bar0+0x08: 0x0908\nbar0+0x0a: 0x0b0a\n", "bar0+8", "-w", "16", "-n", "2")]
    [InlineData("bar0+0xffe: 0xfe\nbar0+0xfff: 0xff\n", "bar0+0xffe", "-w", "8", "--count", "2")]
    [InlineData("bar0+0x0fc: 0xfffefdfc\nbar0+0x100: 0x03020100\n", "bar0+252", "-n", "2")]
    public void Read_prints_values(string output, params string[] arguments)
    {
        Assert.Equal(output, RunOnDevice(["read", "00:14.3", .. arguments]).Succeeded().Output);
        Assert.True(_device.IsDisposed);
    }

    [Fact]
    public void Read_as_json_has_the_documented_fields() =>
        Approved.Matches(
            "read-json", RunOnDevice("read", "--json", "00:14.3", "bar0", "-w", "64", "-n", "2").Succeeded().Output);

    [Theory]
    [InlineData("write Bar0+16 78563412", "bar0+0x10", "0x12345678")]
    [InlineData("write Bar0+3 ff", "bar0+3", "255", "-w", "8")]
    [InlineData("write Config+4 0600", "config+4", "6", "-w", "16")]
    [InlineData("write Bar0+8 ffffffffffffffff", "bar0+8", "0xffffffffffffffff", "-w", "64")]
    public void Write_is_one_access_and_prints_nothing(string access, params string[] arguments)
    {
        Assert.Empty(RunOnDevice(["write", "00:14.3", .. arguments]).Succeeded().Output);
        Assert.Equal([access], _device.Accesses);
    }

    [Fact]
    public void Write_as_json_has_the_documented_fields() =>
        Approved.Matches("write-json", RunOnDevice("write", "--json", "00:14.3", "bar0+4", "1").Succeeded().Output);

    [Theory]
    [InlineData("bar0+0x1000 is out of range", "bar0+0xffc", "read", "00:14.3", "bar0+0x1000")]
    [InlineData("is out of range: 1025 registers", "bar0+0xffc", "read", "00:14.3", "bar0", "-n", "1025")]
    [InlineData(
        "bar0+0xfffffffffffffffc is out of range", "bar0+0xffc", "write", "00:14.3", "bar0+0xfffffffffffffffc", "1")]
    [InlineData(
        "BAR1 of 0000:00:14.3: the device does not implement it", "it has BAR0, ROM", "read", "00:14.3", "bar1")]
    [InlineData("rom of 0000:00:14.3 cannot be written", "read-only", "write", "00:14.3", "rom", "1")]
    public void What_the_device_does_not_have_is_a_failure_and_touches_nothing(
        string message, string hint, params string[] arguments)
    {
        Assert.Empty(RunOnDevice(arguments).FailedWith(1, message, hint).Output);
        Assert.Empty(_device.Accesses);
        Assert.True(_device.IsDisposed);
    }

    [Theory]
    [InlineData("bar4 of 0000:00:14.3: it has no address", "vfio doctor 0000:00:14.3", "read", "00:14.3", "bar4")]
    [InlineData(
        "rom of 0000:00:14.3: its image has no valid signature", "vfio show 0000:00:14.3", "read", "00:14.3", "rom")]
    [InlineData(
        "rom of 0000:00:14.3: its image has no valid signature", "vfio show 0000:00:14.3", "dump", "00:14.3", "rom")]
    [InlineData("BAR2 of 0000:00:14.3: the device does not implement it", "it has BAR0", "read", "00:14.3", "bar2")]
    public void A_region_that_only_vfio_lacks_is_distinguished_from_a_missing_one(
        string message, string hint, params string[] arguments)
    {
        byte[] config = FakeConfig.Intel82574();
        config[0x18 + 8] = 0x0c; // BAR4: 64 bits, prefetchable, without an address
        config.AsSpan(0x18, 4).Clear();
        _host.WriteConfig("0000:00:14.3", config);
        string nothing = $"0x{0:x16} 0x{0:x16} 0x{0:x16}\n";
        _host.Write(
            "sys/devices/pci0000:00/0000:00:14.3/resource",
            string.Concat(Enumerable.Repeat(nothing, 6))
            + "0x00000000feba0000 0x00000000febbffff 0x0000000000046200\n");
        using FakeBackend device = new();
        device.Add(RegionIndex.Bar0, new byte[0x100]);
        device.Add(RegionIndex.Config, new byte[0x100]);
        Tool.Run(
            _host,
            Tool.Narrow,
            host => host with { OpenDevice = (address, _) => new VfioDevice(device, address) },
            arguments).FailedWith(1, message, hint);
    }

    private Result RunOnDevice(params string[] arguments) =>
        Tool.Run(
            _host,
            Tool.Narrow,
            host => host with { OpenDevice = (address, _) => new VfioDevice(_device, address) },
            arguments);

    [Theory]
    [InlineData("read", "0000:7f:00.0", "bar0")]
    [InlineData("write", "0000:7f:00.0", "bar0", "1")]
    public void An_absent_device(params string[] arguments) =>
        Tool.Run(_host, arguments).FailedWith(1, "0000:7f:00.0: no PCI device has this address", "vfio list");

    [Fact]
    public void A_device_of_a_host_driver() =>
        Tool.Run(_host, "read", "00:14.3", "bar0")
            .FailedWith(1, "the device is bound to the driver e1000e", "vfio bind 0000:00:14.3");

    [Fact]
    public void A_host_without_vfio() =>
        Tool.Run(_host, "read", "0000:03:01.0", "bar0")
            .FailedWith(1, "open on /dev/vfio/vfio: ENOENT", "modprobe vfio-pci");

    [Theory]
    [InlineData(0x1f, 8, "0x1f")]
    [InlineData(0x1f, 16, "0x001f")]
    [InlineData(0x1f, 32, "0x0000001f")]
    [InlineData(0x1f, 64, "0x000000000000001f")]
    public void A_value_has_all_digits_of_its_width(ulong value, int bits, string text) =>
        Assert.Equal(text, RegisterWidth.Format(value, bits));

    [Theory]
    [InlineData(0xff, 8, true)]
    [InlineData(0x100, 8, false)]
    [InlineData(0xffff_ffff, 32, true)]
    [InlineData(0x1_0000_0000, 32, false)]
    [InlineData(ulong.MaxValue, 64, true)]
    public void A_value_must_fit_its_width(ulong value, int bits, bool fits) =>
        Assert.Equal(fits, RegisterWidth.Fits(value, bits));

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
