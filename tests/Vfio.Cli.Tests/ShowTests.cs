using System.Text.Json;

namespace Vfio.Cli.Tests;

public sealed class ShowTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.WithDetails();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void A_terminal(int columns) =>
        Approved.Matches($"show-{columns}", Tool.Run(_host, new Terminal(columns, HasColour: false), "show", "eth0")
            .Succeeded()
            .FitsIn(columns).Output);

    [Fact]
    public void A_terminal_with_colour() =>
        Approved.Matches(
            "show-colour", Tool.Run(_host, new Terminal(80, HasColour: true), "show", "eth0").Succeeded().Output);

    [Fact]
    public void Verbose_shows_where_each_register_lies() =>
        Approved.Matches("show-verbose", Tool.Run(_host, "show", "eth0", "-v").Succeeded().FitsIn(80).Output);

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(61)]
    public void Every_width_is_kept(int columns) =>
        Tool.Run(_host, new Terminal(columns, HasColour: false), "show", "eth0").Succeeded().FitsIn(columns);

    [Fact]
    public void A_pipe_gets_each_register_on_one_line()
    {
        string[] lines = Tool.Run(_host, Terminal.None, "show", "eth0").Succeeded().Output.Split('\n');
        Assert.Contains(
            lines,
            line => line.Contains("I/O+ ", StringComparison.Ordinal)
                && line.EndsWith("DisINTx+", StringComparison.Ordinal));
    }

    [Fact]
    public void Json_has_the_documented_fields() =>
        Approved.Matches("show-json", Tool.Run(_host, "show", "eth0", "--json").Succeeded().Output);

    [Fact]
    public void Json_has_fields_of_registers_by_name()
    {
        JsonElement config = Tool.Run(_host, "show", "eth0", "--json").Succeeded().Json.GetProperty("configSpace");
        Assert.Equal(4096, config.GetProperty("length").GetInt32());
        Assert.Contains(
            config.GetProperty("capabilities").EnumerateArray(), item => item.GetProperty("id").GetString() == "11");
    }

    [Fact]
    public void The_dump_is_that_of_lspci()
    {
        string[] lines = Tool.Run(_host, "show", "eth0", "--config").Succeeded().Output.Split('\n');
        Assert.Equal("0000:00:14.3 Ethernet controller: Intel Corporation 82574L Gigabit Network Connection", lines[0]);
        Assert.Equal("00: 86 80 d3 10 07 05 10 00 00 00 00 02 00 00 00 00", lines[1]);
        Assert.Equal("100: 01 00 02 14 00 00 00 00 00 00 40 02 30 20 46 00", lines[17]);
        Assert.Equal("ff0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", lines[256]);
        Assert.Equal(["", ""], lines[257..]);
    }

    [Fact]
    public void A_base_address_register_without_space_is_shown_as_such()
    {
        byte[] config = FakeConfig.Intel82574();
        config[0x18 + 8] = 0x0c; // BAR4: 64 bits, prefetchable
        _host.WriteConfig("0000:00:14.3", config);
        string[] lines = Tool.Run(_host, "show", "eth0").Succeeded().FitsIn(80).Output.Split('\n');
        Assert.Contains(
            lines,
            line => line.Contains("bar4", StringComparison.Ordinal)
                && line.Contains("size unknown", StringComparison.Ordinal)
                && line.Contains("no address", StringComparison.Ordinal));
        JsonElement bar = Tool.Run(_host, "show", "eth0", "--json")
            .Succeeded().Json
            .GetProperty("regions")
            .EnumerateArray()
            .Single(region => region.GetProperty("name").GetString() == "bar4");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null, "memory64"), (
            bar.GetProperty("length").ValueKind,
            bar.GetProperty("address").ValueKind,
            bar.GetProperty("kind").GetString()));
    }

    [Theory]
    [InlineData(0x2a)] // Physical Layer 32.0 GT/s
    [InlineData(0x30)] // Integrity and Data Encryption
    [InlineData(0x2f)] // Device 3
    [InlineData(0x08)] // Multi-Function Virtual Channel
    public void A_capability_that_is_not_decoded_is_shown_in_words(byte id)
    {
        byte[] config = FakeConfig.Intel82574();
        config[0x142] = 0x01;
        config[0x143] = 0x15; // the capability after the serial number: 150h
        new byte[] { id, 0, 1, 0, 0x78, 0x56, 0x34, 0x12, 0xef, 0xbe, 0xad, 0xde }.CopyTo(config, 0x150);
        _host.WriteConfig("0000:00:14.3", config);
        Assert.Contains(
            "not decoded: 12345678 deadbeef 00000000",
            Tool.Run(_host, "show", "eth0").Succeeded().FitsIn(80).Output,
            StringComparison.Ordinal);
        JsonElement capability = Tool.Run(_host, "show", "eth0", "--json")
            .Succeeded().Json
            .GetProperty("configSpace")
            .GetProperty("capabilities")
            .EnumerateArray()
            .Last();
        Assert.Equal(
            ["12345678", "deadbeef"],
            capability.GetProperty("undecoded").EnumerateArray().Take(2).Select(word => word.GetString()!));
        Assert.All(
            Tool.Run(_host, "show", "eth0", "--json").Json
                .GetProperty("configSpace")
                .GetProperty("capabilities")
                .EnumerateArray()
                .SkipLast(1),
            decoded => Assert.Empty(decoded.GetProperty("undecoded").EnumerateArray()));
    }

    [Fact]
    public void Users_other_than_root_are_told_what_is_missing()
    {
        _host.WriteConfig("0000:00:14.3", FakeConfig.Intel82574()[..64]);
        Result result = Tool.Run(_host, "show", "eth0");
        Assert.Equal(
            (0, "hint: sudo vfio show 0000:00:14.3 also shows the capabilities\n"), (result.ExitCode, result.Errors));
        Assert.Contains("first 64 bytes", result.Output, StringComparison.Ordinal);
        Approved.Matches("show-user", result.FitsIn(80).Output);
        Assert.True(Tool.Run(_host, "show", "eth0", "--json")
            .Succeeded().Json
            .GetProperty("configSpace")
            .GetProperty("isCut")
            .GetBoolean());
        Assert.Equal(4 + 3, Tool.Run(_host, "show", "eth0", "--config").Succeeded().Output.Split('\n').Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    public void A_configuration_space_that_cannot_be_read_is_no_failure(int length)
    {
        _host.WriteConfig("0000:00:14.3", new byte[length]);
        Assert.Contains("cannot be read", Tool.Run(_host, "show", "eth0").Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(
            JsonValueKind.Null,
            Tool.Run(_host, "show", "eth0", "--json").Succeeded().Json.GetProperty("configSpace").ValueKind);
    }

    [Fact]
    public void A_device_that_does_not_answer_is_reported()
    {
        byte[] config = new byte[4096];
        config.AsSpan().Fill(0xff);
        _host.WriteConfig("0000:00:14.3", config);
        Assert.Contains(
            "does not answer", Tool.Run(_host, "show", "eth0").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_with_few_attributes_is_shown() =>
        Approved.Matches("show-little", Tool.Run(_host, "show", "00:00.0").Succeeded().FitsIn(80).Output);

    [Fact]
    public void A_bound_device_is_shown_with_its_previous_state()
    {
        _host.AddJournalEntry(
            "0000:03:01.0",
            0x1234,
            0x11e8,
            "edu",
            "alice",
            """ "interfaces": [{ "name": "lan0", "isUp": true }], "disks": [] """);
        Approved.Matches("show-taken", Tool.Run(_host, "show", "lan0").Succeeded().FitsIn(80).Output);
    }

    [Fact]
    public void An_absent_device_is_an_error_with_a_hint() =>
        Tool.Run(_host, "show", "0000:7f:00.0").FailedWith(1, "no PCI device has this address", "vfio list");

    [Fact]
    public void Random_attributes_and_configuration_spaces_never_break_it()
    {
        Random random = new(20261122);
        byte[] genuine = FakeConfig.Intel82574();
        string[] attributes =
        [
            "resource", "current_link_width", "current_link_speed", "reset_method", "irq", "numa_node", "msi_irqs/24",
            "sriov_totalvfs",
        ];
        for (int round = 0; round < Soak.Times(50, 200); round++)
        {
            byte[] config = [.. genuine[..random.Next(genuine.Length + 1)]];
            for (int i = random.Next(40); i > 0 && config.Length != 0; i--)
            {
                config[random.Next(Math.Min(config.Length, 0x180))] = (byte)random.Next(256);
            }

            _host.WriteConfig("0000:00:14.3", config);
            byte[] noise = new byte[random.Next(300)];
            random.NextBytes(noise);
            File.WriteAllBytes(
                _host.PathOf($"sys/devices/pci0000:00/0000:00:14.3/{attributes[round % attributes.Length]}"), noise);
            Result result = Tool.Run(_host, "show", "eth0").FitsIn(80);
            Assert.Equal(0, result.ExitCode);
            Assert.DoesNotContain(result.Output, c => char.IsControl(c) && c != '\n');
            Assert.Equal(JsonValueKind.Object, Tool.Run(_host, "show", "eth0", "--json").Succeeded().Json.ValueKind);
        }
    }
}
