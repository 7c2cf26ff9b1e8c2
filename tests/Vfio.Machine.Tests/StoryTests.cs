using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>
/// The main use on every kind of device: bind, read the first dword in every way, and release with the original state
/// restored.
/// </summary>
public sealed class StoryTests : HostTest
{
    public static TheoryData<string> Devices =>
        [Machine.Nic, Machine.Nvme, Machine.Edu, Machine.Igb, Machine.Bochs, Machine.VirtioNet];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Tool_sample_and_C_program_read_the_same_first_dword_and_release_restores(string address)
    {
        Machine.Need(address);
        Machine.Vfio("bind", address).Succeeded();
        Assert.Equal("vfio-pci", Machine.Device(address).Driver);
        Assert.Contains(address, Machine.Vfio("status").Succeeded(), StringComparison.Ordinal);

        AssertAllAgree(address, Machine.Run);

        Machine.Vfio("release", address).Succeeded();
        AssertHostUntouched();
        Assert.DoesNotContain(address, Machine.Vfio("status").Succeeded(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void An_ordinary_user_reads_the_same_after_bind_user(string address)
    {
        Machine.Need(address);
        Machine.Vfio("bind", "--user", Machine.User, address).Succeeded();

        AssertAllAgree(address, Machine.RunAsUser);

        Machine.Vfio("release", address).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void The_sample_binds_and_releases_the_device_itself()
    {
        Result sample = Machine.Run(Machine.Sample, Machine.Nic);
        Assert.Matches("mapped: 0x[0-9a-f]{8}", sample.Succeeded());
        AssertHostUntouched();
    }

    [Fact]
    public void List_shows_the_card_with_ids_names_driver_and_group()
    {
        string line = Machine.Vfio("list", "--class", "net")
            .Succeeded()
            .Split('\n')
            .First(line => line.Contains("00:14.3", StringComparison.Ordinal));
        Assert.Contains("8086:10d3", line, StringComparison.Ordinal);
        Assert.Contains("82574L", line, StringComparison.Ordinal);
        Assert.Contains("e1000e", line, StringComparison.Ordinal);
        Assert.Contains(Machine.Group(Machine.Nic), line, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ordinary_user_may_look_at_everything()
    {
        foreach (string command in (string[])["list", "groups", "status"])
        {
            Machine.VfioAsUser(command).Succeeded();
        }
    }

    private static void AssertAllAgree(string address, Func<string, string[], Result> run)
    {
        string c = run(Machine.CProgram, [address, Machine.Group(address)]).Succeeded();
        string sample = run(Machine.Sample, [address]).Succeeded();
        string bar = Find(c, "bar ([0-9])");
        string tool = run(Machine.Tool, ["read", address, $"bar{bar}"]).Succeeded();

        string throughDescriptor = Find(c, "fd (0x[0-9a-f]{8})");
        string mapped = Find(c, "mapped (0x[0-9a-f]{8})");
        // Through the descriptor, the kernel shows all ones for an MSI-X table; the tool shows the content.
        Assert.Equal(throughDescriptor == "0xffffffff" ? mapped : throughDescriptor, Find(tool, "(0x[0-9a-f]{8})$"));
        Assert.Equal(throughDescriptor, Find(sample, "descriptor: (0x[0-9a-f]{8})"));
        Assert.Equal(mapped, Find(sample, "^mapped: (0x[0-9a-f]{8})"));
    }

    private static string Find(string text, string pattern)
    {
        Match match = Regex.Match(text.TrimEnd(), pattern, RegexOptions.Multiline);
        Assert.True(match.Success, $"'{pattern}' is not in:\n{text}");
        return match.Groups[1].Value;
    }
}
