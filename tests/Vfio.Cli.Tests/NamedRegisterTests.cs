using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class NamedRegisterTests : RegisterCommandTest
{
    [Theory]
    [InlineData("0x00080281\n", "STATUS")]
    [InlineData("0x00080281\n", "status")]
    [InlineData("0x00080281\n", "bar0.STATUS")]
    [InlineData("0x0000\n", "config.STATUS")]
    [InlineData("0x0006\n", "Config.Command")]
    [InlineData("0x0000\n", "exp.lnksta")]
    [InlineData("0x0000\n", "config.EXP.LnkSta")]
    [InlineData("0x0000000000000000\n", "CAP")]
    [InlineData("0x00080281\n", "STATUS", "-w", "32")]
    public void Read_takes_a_name_and_its_width(string output, params string[] arguments) =>
        Assert.Equal(output, Run(["read", "00:14.3", .. arguments]).Succeeded().Output);

    [Fact]
    public void All_named_registers_are_read_and_omissions_are_reported()
    {
        Result result = Run("read", "00:14.3", "--all");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("bar0+0x08: 0x00080281  STATUS\n  FD+ LU-", result.Output, StringComparison.Ordinal);
        Assert.Contains("config+0x04: 0x0006  COMMAND", result.Output, StringComparison.Ordinal);
        Assert.Contains("EXP.LnkSta", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ICR", result.Output, StringComparison.Ordinal);
        Assert.Contains(
            "vfio: read: left out 1 register with read side effects: ICR\n", result.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "vfio: read: left out 1 register that can only be written: DOORBELL\n",
            result.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public void All_as_json()
    {
        System.Text.Json.JsonElement root = Run("read", "00:14.3", "--all", "--json").Json;
        Assert.Contains(
            root.GetProperty("registers").EnumerateArray(),
            register => register.GetProperty("name").GetString() == "STATUS"
                && register.GetProperty("region").GetString() == "bar0");
        Assert.Equal(2, root.GetProperty("leftOut").GetArrayLength());
    }

    [Theory]
    [InlineData("PLACE and --all cannot be combined", "read", "00:14.3", "STATUS", "--all")]
    [InlineData("PLACE is missing", "read", "00:14.3")]
    [InlineData("-w and -n cannot be combined with --all", "read", "00:14.3", "--all", "-n", "2")]
    public void All_and_a_place_exclude_each_other(string message, params string[] arguments) =>
        Run(arguments).FailedWith(2, message, "vfio read --help");

    [Fact]
    public void Reading_config_by_name_is_one_access_of_its_width()
    {
        Run("read", "00:14.3", "EXP.LnkSta").Succeeded();
        Assert.Equal(["read Config+82 2"], Device.Accesses);
    }

    [Fact]
    public void Write_takes_a_name()
    {
        Assert.Empty(Run("write", "00:14.3", "COMMAND", "0x2").Succeeded().Output);
        Assert.Equal(["write Config+4 0200"], Device.Accesses);
    }

    [Theory]
    [InlineData("STATUS has 32 bits, not 16", "bar0+0x08 -w 16", "read", "00:14.3", "STATUS", "-w", "16")]
    [InlineData("'STATSU' is neither a place nor a register", "did you mean STATUS", "read", "00:14.3", "STATSU")]
    [InlineData("'LnkSta' is neither a place nor a register", "EXP.LnkSta", "read", "00:14.3", "LnkSta")]
    [InlineData("'zebra' is neither a place nor a register", "bar0+0x10", "read", "00:14.3", "zebra")]
    [InlineData(
        "'bar0.COMMAND' is neither a place nor a register",
        "did you mean COMMAND",
        "write",
        "00:14.3",
        "bar0.COMMAND",
        "1")]
    [InlineData("'bar9' is neither", "bar0+0x10", "watch", "00:14.3", "bar9")]
    [InlineData("0x10000 does not fit into a register of 16 bits", "-w", "write", "00:14.3", "COMMAND", "0x10000")]
    public void A_wrong_name_is_wrong_usage_and_opens_nothing(string message, string hint, params string[] arguments)
    {
        Assert.Empty(Run(arguments).FailedWith(2, message, hint).Output);
        Assert.Empty(Device.Accesses);
        Assert.False(Device.IsDisposed);
    }

    [Fact]
    public void A_device_without_names_says_so() =>
        Run(Tool.Narrow, host => host with { LoadRegisters = _ => [] }, "read", "00:14.3", "STATUS")
            .FailedWith(2, "'STATUS' is not a place, and vfio has no register names for this device", "bar0+0x10");

    [Fact]
    public void Fields_are_shown_to_a_person_and_a_pipe_gets_the_value() =>
        Approved.Matches("read-named", RunForEveryReader(() => { }, "read", "00:14.3", "STATUS"));

    [Fact]
    public void Fields_are_shown_on_request() =>
        Approved.Matches("read-fields", RunForEveryReader(() => { }, "read", "00:14.3", "bar0", "-n", "5", "--fields"));

    [Fact]
    public void A_place_without_a_name_is_printed_as_a_value_only()
    {
        Terminal person = new(80, HasColour: true) { IsInteractive = true };
        Assert.Equal("0x00080281\n", Run(person, "read", "00:14.3", "bar0+8").Succeeded().Output);
        Assert.Equal(
            "bar0+0x08: 0x00080281\nbar0+0x0c: 0x00000000\n",
            Run(person, "read", "00:14.3", "bar0+8", "-n", "2").Succeeded().Output);
    }

    [Fact]
    public void Json_has_names_and_fields() =>
        Approved.Matches("read-named-json", Run("read", "--json", "00:14.3", "STATUS").Succeeded().Output);

    [Fact]
    public void Registers_that_share_a_name_are_the_devices_own_first() =>
        Assert.Equal("bar0", Run("read", "--json", "00:14.3", "STATUS").Json.GetProperty("region").GetString());

    // sysfs shows 64 bytes to users other than root; VFIO shows all of them.
    [Theory]
    [InlineData("EXP.DevCap", "0x00008020\n", 2)]
    [InlineData("config.COMMAND", "0x0507\n", 1)]
    public void Users_other_than_root_have_the_names_of_capabilities_of_bound_devices(
        string place, string value, int opens)
    {
        byte[] config = FakeConfig.Intel82574();
        Host.WriteConfig("0000:03:01.0", config[..64]);
        using FakeBackend device = new();
        device.Add(RegionIndex.Config, config);
        int opened = 0;
        Result result = Run(
            Tool.Narrow,
            host => host with
            {
                LoadRegisters = KnownRegisters.For,
                OpenDevice = (address, _) =>
                {
                    opened++;
                    return new VfioDevice(device, address);
                },
            },
            "read", "03:01.0", place);
        Assert.Equal(value, result.Succeeded().Output);
        Assert.Equal(opens, opened);
    }

    [Fact]
    public void A_device_that_cannot_be_opened_for_its_names_says_why_when_it_is_opened()
    {
        Host.WriteConfig("0000:03:01.0", FakeConfig.Intel82574()[..64]);
        Run(
            Tool.Narrow,
            host => host with
            {
                LoadRegisters = KnownRegisters.For,
                OpenDevice = (_, _) => throw new VfioException("open", "/dev/vfio/10", 16),
            },
            "read", "03:01.0", "EXP.DevCap").FailedWith(1, "open on /dev/vfio/10: EBUSY", "");
    }
}
