using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class DeviceResetTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("flr pm bus\n", "flr,pm,bus")]
    [InlineData("bus\n", "bus")]
    [InlineData("\n", "")]
    [InlineData("", "")]
    public void They_are_read_in_the_kernels_order(string text, string methods)
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("reset_method", text);
        Assert.Equal(methods, string.Join(',', ResetMethods.Get(device.Address, _host.Root)));
    }

    [Fact]
    public void A_device_without_reset_methods_has_none_and_accepts_none()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3");
        Assert.Empty(ResetMethods.Get(device.Address, _host.Root));
        VfioException refusal = Assert.Throws<VfioException>(
            () => ResetMethods.Override(device.Address, ["flr"], _host.Root));
        Assert.Contains("5.15", refusal.Hint, StringComparison.Ordinal);
        Assert.Throws<VfioException>(() => ResetMethods.Get(PciAddress.Parse("0000:00:01.0"), _host.Root));
    }

    [Fact]
    public void A_choice_is_written_and_its_disposal_restores_the_previous_value()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("reset_method", "flr bus\n");
        string path = $"{device.Path}/reset_method";
        ResetMethodOverride choice = ResetMethods.Override(device.Address, ["bus", "flr"], _host.Root);
        Assert.Equal("bus flr\n", _host.Read(path));
        Assert.Equal(
            (device.Address, "flr,bus", "bus,flr"),
            (choice.Address, string.Join(',', choice.Previous), string.Join(',', choice.Methods)));
        choice.Dispose();
        Assert.Equal("flr bus\n", _host.Read(path));
        _host.Write(path, "pm\n");
        choice.Dispose();
        Assert.Equal("pm\n", _host.Read(path));
    }

    [Fact]
    public void Restore_says_that_it_failed_and_may_be_repeated()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("reset_method", "flr bus\n");
        string path = $"{device.Path}/reset_method";
        ResetMethodOverride choice = ResetMethods.Override(device.Address, ["bus"], _host.Root);
        File.Delete(_host.PathOf(path));
        File.CreateSymbolicLink(_host.PathOf(path), "/dev/full"); // what is written there fails
        choice.Dispose();
        Assert.Equal(Errno.ENOSPC, Assert.Throws<VfioException>(choice.Restore).Errno);
        File.Delete(_host.PathOf(path));
        _host.Write(path, "bus\n");
        choice.Dispose();
        Assert.Equal("flr bus", _host.Read(path).TrimEnd());
    }

    [Fact]
    public void An_empty_list_of_methods_is_restored_as_empty()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("reset_method", "\n");
        using (ResetMethods.Override(device.Address, ["default"], _host.Root))
        {
            Assert.StartsWith("default", _host.Read($"{device.Path}/reset_method"), StringComparison.Ordinal);
            _host.Write($"{device.Path}/reset_method", "");
        }

        Assert.Equal("\n", _host.Read($"{device.Path}/reset_method"));
    }

    [Fact]
    public void For_a_device_that_no_longer_exists_nothing_is_restored()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("reset_method", "flr\n");
        ResetMethodOverride choice = ResetMethods.Override(device.Address, ["bus"], _host.Root);
        device.Delete();
        choice.Dispose();
    }

    [Theory]
    [InlineData()]
    [InlineData("")]
    [InlineData("flr bus")]
    [InlineData("flr\n")]
    [InlineData("flr", "../x")]
    public void An_invalid_name_is_refused(params string[] methods)
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3").WithAttribute("reset_method", "flr\n");
        Assert.Throws<ArgumentException>(() => ResetMethods.Override(device.Address, methods, _host.Root));
        Assert.Throws<ArgumentNullException>(() => ResetMethods.Override(device.Address, null!, _host.Root));
        Assert.Equal("flr\n", _host.Read($"{device.Path}/reset_method"));
    }

    [Fact]
    public void A_method_that_the_kernel_refuses_is_reported_with_the_available_ones()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3");
        // There is a folder in place of the file: it reads as none, and cannot be written.
        Directory.CreateDirectory(_host.PathOf($"{device.Path}/reset_method"));
        VfioException refusal = Assert.Throws<VfioException>(
            () => ResetMethods.Override(device.Address, ["flr"], _host.Root));
        Assert.NotEqual(Errno.EINVAL, refusal.Errno);
    }
}
