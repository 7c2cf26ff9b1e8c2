using System.Text;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class DiffTests : RegisterCommandTest
{
    [Fact]
    public void Equal_dumps_are_silence_and_exit_code_0()
    {
        string before = Dump("before.txt", "bar0");
        string after = Dump("after.txt", "bar0");
        Assert.Empty(Run("diff", before, after).Succeeded().Output);
        Assert.Empty(Run("diff", before, "00:14.3").Succeeded().Output);
        Assert.Empty(Run("diff", "00:14.3", before).Succeeded().Output);
    }

    [Fact]
    public void Differences_are_registers_and_fields_by_name()
    {
        string before = Dump("before.txt", "bar0");
        Change();
        string after = Dump("after.txt", "bar0");
        Approved.Matches(
            "diff",
            RunForEveryReader(() => { }, "diff", before, after)
            + RunForEveryReader(() => { }, "diff", before, "00:14.3"));
        Assert.Equal(1, Run("diff", before, after).ExitCode);
    }

    [Fact]
    public void The_device_may_come_first()
    {
        string before = Dump("before.txt", "bar0");
        Set(Status, 0x80283);
        Result result = Run("diff", "00:14.3", before);
        Assert.Contains(
            "bar0+0x08: 0x00080283 -> 0x00080281  STATUS\n  LU=1->0\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public void What_the_dump_left_out_is_not_read()
    {
        string before = Dump("before.txt", "bar0");
        Device.Accesses.Clear();
        Run("diff", before, "00:14.3").Succeeded();
        Assert.DoesNotContain("read Bar0+28 4", Device.Accesses);
        Assert.Contains("read Bar0+24 4", Device.Accesses);
    }

    [Fact]
    public void Json_has_the_documented_fields()
    {
        string before = Dump("before.txt", "bar0");
        Change();
        Result result = Run("diff", "--json", before, "00:14.3");
        Assert.Equal(1, result.ExitCode);
        Approved.Matches("diff-json", result.Output);
    }

    [Fact]
    public void A_dump_of_lspci_is_read_too()
    {
        StringBuilder text = new(
            "00:14.3 Ethernet controller: Intel Corporation 82574L\n\tSubsystem: Intel\n\tFlags: fast devsel\n");
        for (int row = 0; row < 4; row++)
        {
            text.Append($"{row * 16:x2}:")
                .AppendJoin("", Config.Skip(row * 16).Take(16).Select(value => $" {value:x2}"))
                .Append('\n');
        }

        string file = WriteFile("lspci.txt", text.Append('\n').ToString());
        Run("diff", file, "00:14.3").Succeeded();
        Config[4] = 2;
        Result result = Run("diff", file, "00:14.3");
        Assert.Contains("config+0x04: 0x0006 -> 0x0002  COMMAND\n  BM=1->0\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public void Repeated_rows_are_all_compared()
    {
        Device.Add(RegionIndex.Bar2, new byte[0x1000]);
        string before = Dump("before.txt", "bar2");
        Assert.Contains("\n*\n# end\n", File.ReadAllText(before), StringComparison.Ordinal);
        byte[] changed = new byte[0x1000];
        changed[0xffc] = 1;
        Device.Add(RegionIndex.Bar2, changed);
        Result result = Run("diff", before, "00:14.3");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("bar2+0xffc: 0x00000000 -> 0x00000001\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(3, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Another_length_is_a_difference()
    {
        Device.Add(RegionIndex.Bar2, new byte[0x40]);
        string before = Dump("before.txt", "bar2");
        Device.Add(RegionIndex.Bar2, new byte[0x20]);
        Result result = Run("diff", before, "00:14.3");
        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith("\nlength: 0x40 -> 0x20\n", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1, "is empty")]
    [InlineData("hello\n", 1, "is not the beginning of a dump")]
    [InlineData("\n\n", 2, "the dump ends here, with 0x0 bytes")]
    [InlineData("H\n# vfio-dump 1 region=bar9 length=0x20 width=32 time=2026-11-22T20:27:01Z\n", 2, "is not a header")]
    [InlineData(
        "H\n# vfio-dump 1 region=bar0 length=0xffffffffffffffff width=32 time=2026-11-22T20:27:01Z\n",
        2,
        "is not a header")]
    [InlineData("H\nM\n00: R\n", 3, "the dump is incomplete: it ends here, without its last line")]
    [InlineData("H\nM\n00: R\n# end\n", 4, "the row at 0x10 is missing")]
    [InlineData("H\nM\n10: R\n# end\n", 3, "the row at 0x0 is missing")]
    [InlineData("H\nM\n00: R\n00: R\n# end\n", 4, "the row at 0x10 is missing")]
    [InlineData("H\nM\n00: R\n20: R\n# end\n", 4, "0x20 is not the offset of a row in 0x20 bytes")]
    [InlineData("H\nM\n00: R\n*\n*\n# end\n", 5, "is not a row of a dump")]
    [InlineData("H\nM\n*\n# end\n", 3, "is not a row of a dump")]
    [InlineData("H\nM\n00: R R\n", 3, "the row has 32 bytes, not 16")]
    [InlineData("H\nM\n00: 00\n", 3, "the row has 1 bytes, not 16")]
    [InlineData("H\nM\n00: xx 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n", 3, "'xx' is not a byte")]
    [InlineData("H\nM\n00000000000000000: R\n", 3, "is not a row of a dump")]
    [InlineData("H\nM\nL\n", 3, "is longer than 4096 characters")]
    [InlineData("H\nM\n\0\n", 3, "is not text")]
    [InlineData("00:14.3 Ethernet\n00: R\n20: R\n", 3, "the row at 0x10 is missing")]
    [InlineData("00:14.3 Ethernet\n00: R\n\n00:14.4 Ethernet\n", 4, "a second device begins here")]
    [InlineData("00:14.3 Ethernet\n1000: R\n", 2, "0x1000 is not the offset")]
    public void A_file_that_is_not_a_dump_is_an_error_with_the_line(string text, int line, string message)
    {
        text = text.Replace("H", "0000:00:14.3 8086:10d3 subsystem 1af4:1100 class 020000", StringComparison.Ordinal)
            .Replace(
                "M\n",
                "# vfio-dump 1 region=bar0 length=0x20 width=32 time=2026-11-22T20:27:01Z\n",
                StringComparison.Ordinal)
            .Replace("R", string.Join(' ', Enumerable.Repeat("00", 16)), StringComparison.Ordinal)
            .Replace("L", new string('0', 5000), StringComparison.Ordinal);
        string file = WriteFile("damaged.txt", text);
        Run("diff", file, "00:14.3")
            .FailedWith(2, $"diff: damaged.txt:{line}: ", "lspci")
            .FailedWith(2, message, "vfio dump");
        Assert.Empty(Device.Accesses);
    }

    [Fact]
    public void Cutting_a_dump_anywhere_is_noticed()
    {
        string whole = File.ReadAllText(Dump("whole.txt", "bar0"));
        for (int length = 0; length < whole.Length - 1; length += 7)
        {
            Result result = Run("diff", WriteFile("cut.txt", whole[..length]), "00:14.3");
            Assert.True(
                result.ExitCode == 2 && result.Errors.StartsWith("vfio: diff: cut.txt:", StringComparison.Ordinal),
                $"{length}: {result}");
        }
    }

    [Fact]
    public void A_corrupt_file_neither_hangs_nor_crashes_the_tool()
    {
        byte[] whole = File.ReadAllBytes(Dump("whole.txt", "bar0"));
        Random random = new(4711);
        for (int round = 0; round < Soak.Times(100, 500); round++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(PathOf("damaged.txt"), damaged);
            Result result = Run("diff", PathOf("damaged.txt"), "00:14.3");
            Assert.True(
                result.ExitCode is 0 or 1 or 2 && !result.Errors.Contains("internal", StringComparison.Ordinal),
                result.ToString());
        }
    }

    [Fact]
    public void What_cannot_be_compared_is_trouble()
    {
        string bar = Dump("bar.txt", "bar0");
        string config = Dump("config.txt", "config");
        string foreign = WriteFile(
            "foreign.txt", File.ReadAllText(bar).Replace("8086:10d3", "1234:11e8", StringComparison.Ordinal));
        Run("diff", bar, config).FailedWith(
            2, "bar.txt is bar0 of a device 8086:10d3, config.txt is config of 8086:10d3", "the same region");
        Run("diff", foreign, "00:14.3").FailedWith(
            2, "foreign.txt is bar0 of a device 1234:11e8, 0000:00:14.3 is bar0 of 8086:10d3", "the same kind");
        Run("diff", "00:14.3", "00:14.3").FailedWith(2, "OLD and NEW are both devices", "vfio dump");
        Run("diff", PathOf("missing.txt"), bar)
            .FailedWith(2, "'missing.txt' cannot be read: there is no such file", "vfio dump");
        Run("diff", bar, PathOf("")).FailedWith(2, "cannot be read", "vfio dump");
        Run("diff", bar, "0000:7f:00.0").FailedWith(2, "no PCI device has this address", "vfio list");
    }

    private string Dump(string name, string region)
    {
        Assert.Equal(0, Run("dump", "00:14.3", region, "-o", PathOf(name)).ExitCode);
        return PathOf(name);
    }

    private void Change()
    {
        Set(Status, 0x80003);
        Set(0x20, 0xff);
        Set(0x80, 0x0000_0100);
        Set(0x18, 4);
    }
}
