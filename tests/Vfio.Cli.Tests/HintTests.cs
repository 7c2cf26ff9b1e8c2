using System.Text.RegularExpressions;

namespace Vfio.Cli.Tests;

/// <summary>A command that a refusal suggests is not itself refused in the same situation.</summary>
public sealed partial class HintTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_device_that_the_firmware_uses()
    {
        _host.Write("sys/kernel/iommu_groups/14/reserved_regions", "0x000000007b800000 0x000000007f7fffff direct\n");
        Result refused = Tool.Run(_host, "bind", "--dry-run", "00:14.3")
            .FailedWith(
                3, "0000:00:14.3 refused: the firmware reserves memory for it (an RMRR)", "--force binds it anyway");
        Take(refused);
        Tool.Run(_host, "bind", "--dry-run", "--force", "00:14.3").Succeeded();
    }

    [Theory]
    [InlineData("bind", "--dry-run", "00:1f.0")]
    [InlineData("bind", "--dry-run", "00:1f.2")]
    [InlineData("doctor", "00:1f.2")]
    public void A_group_with_an_isa_bridge(params string[] arguments)
    {
        AddLegacyGroup();
        Result told = Tool.Run(_host, arguments);
        Assert.Contains("vfio bind --group 0000:00:1f.2", told.Output + told.Errors, StringComparison.Ordinal);
        Result done = Take(told);
        Assert.Contains("write \"none\" to ", done.Output, StringComparison.Ordinal);
        Assert.Contains("write \"0000:00:1f.0\" to ", done.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_that_cannot_be_bound_as_a_whole_is_not_suggested()
    {
        _host.Add(new("0000:05:00.0", 0x8086, 0x10d3, "020000") { Driver = "e1000e", Group = 6 });
        Result told = Tool.Run(_host, "bind", "--dry-run", "05:00.0");
        Assert.Equal(0, told.ExitCode);
        Assert.DoesNotContain("--group", told.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "vfio: 0000:00:06.0 cannot be bound as well: its disk nvme0n1 is mounted on /srv\n"
            + "hint: stop that use first",
            told.Errors,
            StringComparison.Ordinal);
        _host.WriteIdentity(
            "0000:05:00.0", new("0000:05:00.0", 0x8086, 0x10d3, "020000") { Driver = "vfio-pci", Group = 6 });
        string groups = Tool.Run(_host, "groups").Errors;
        Assert.Contains(
            "group 6 cannot be bound as a whole: 0000:00:06.0: its disk nvme0n1 is mounted on /srv",
            groups,
            StringComparison.Ordinal);
        Assert.DoesNotContain("--group", groups, StringComparison.Ordinal);
    }

    [Fact]
    public void An_obstacle_of_the_host()
    {
        _host.Write("proc/self/mountinfo", "23 22 0:20 / /sys ro,nosuid - sysfs sysfs ro\n");
        Tool.Run(_host, "bind", "--dry-run", "00:14.3")
            .FailedWith(3, "0000:00:14.3 refused: /sys is mounted read-only", "hint: bind on the host");
        Assert.Equal("read-only", Tool.Run(_host, "bind", "--dry-run", "--json", "00:14.3").Json
            .GetProperty("refusals")[0]
            .GetProperty("reason")
            .GetString());
    }

    [Fact]
    public void A_name_of_bytes_has_them_in_json()
    {
        using FakeHost host = FakeHost.Typical();
        string folder = host.PathOf("sys/devices/pci0000:00/0000:03:02.0/net");
        Directory.CreateDirectory(folder);
        // Uses a shell, because the paths of the runtime are text.
        using (System.Diagnostics.Process shell = System.Diagnostics.Process.Start(
            "/bin/sh",
            [
                "-c",
                $"n=$(printf 'l\\303\\244n\\377\\376') && mkdir -p {folder}/$n {host.PathOf("sys/class/net")} && echo "
                + $"0x1002 > {folder}/$n/flags && ln -s ../../devices/pci0000:00/0000:03:02.0/net/$n "
                + $"{host.PathOf("sys/class/net")}/$n",
            ]))
        {
            shell.WaitForExit();
            Assert.Equal(0, shell.ExitCode);
        }

        System.Text.Json.JsonElement device = Tool.Run(host, "list", "--json").Json
            .EnumerateArray()
            .Single(item => item.GetProperty("address").GetString() == "0000:03:02.0");
        System.Text.Json.JsonElement name = Assert.Single(device.GetProperty("interfaces").EnumerateArray());
        Assert.Equal("län\\xff\\xfe", name.GetProperty("name").GetString());
        Assert.Equal("6cc3a46efffe", name.GetProperty("nameHex").GetString());
        // The runtime cannot remove what it cannot name.
        using (System.Diagnostics.Process shell = System.Diagnostics.Process.Start(
            "/bin/rm", ["-r", folder, host.PathOf("sys/class/net")]))
        {
            shell.WaitForExit();
        }

        host.AddInterface("0000:00:14.3", "eth0");
        Assert.False(Tool.Run(host, "show", "--json", "00:14.3").Json
            .GetProperty("interfaces")[0]
            .TryGetProperty("nameHex", out _));
    }

    /// <summary>Runs the first command that the hint suggests; a bind as a dry run.</summary>
    private Result Take(Result told)
    {
        Match command = Command().Match(told.Output + told.Errors);
        Assert.True(command.Success, told.Errors);
        string[] words = command.Groups[1].Value.Split(' ');
        Result done = Tool.Run(_host, [.. words, .. words[0] == "bind" ? (string[])["--dry-run"] : []]);
        Assert.NotEqual(3, done.ExitCode);
        Assert.NotEqual(2, done.ExitCode);
        return done;
    }

    private void AddLegacyGroup()
    {
        _host.Add(new("0000:00:1f.0", 0x8086, 0x2918, "060100") { Driver = "lpc_ich", Group = 11 });
        _host.Add(new("0000:00:1f.2", 0x8086, 0x2922, "010601") { Driver = "ahci", Group = 11 });
        foreach ((string address, byte[] ids, byte type) in ((string, byte[], byte)[])[
            ("0000:00:1f.0", [0x86, 0x80, 0x18, 0x29], 0x80),
            ("0000:00:1f.2", [0x86, 0x80, 0x22, 0x29], 0),
        ])
        {
            byte[] config = new byte[64];
            ids.CopyTo(config, 0);
            config[0x0e] = type;
            _host.WriteConfig(address, config);
        }
    }

    [GeneratedRegex("vfio ((bind|doctor|release)( --?[a-z-]+| [0-9a-f:.]+[0-9a-f])+)")]
    private static partial Regex Command();
}
