using System.Text;

namespace Vfio.Cli.Tests;

/// <summary>Untrusted text must not control the terminal or break the columns.</summary>
public sealed class HostileTextTests : IDisposable
{
    private const string Evil = "evil\e]0;title\a\e[2J\u009b31m\u202e\u2028[red]x[bold]";

    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("list")]
    [InlineData("list", "--json")]
    [InlineData("groups")]
    [InlineData("groups", "--json")]
    [InlineData("groups", "--html", "-")]
    [InlineData("groups", "--dot", "-")]
    [InlineData("bind", "--dry-run", "07:00.0")]
    [InlineData("bind", "--dry-run", "--json", "07:00.0")]
    public void A_drivers_name_and_a_groups_type(params string[] arguments)
    {
        FakeDevice device = new("0000:07:00.0", 0x8086, 0x10d3, "020000") { Driver = Evil, Group = 40 };
        _host.Add(device with { Driver = null });
        _host.WriteIdentity(device.Address, device);
        _host.Write("sys/kernel/iommu_groups/40/type", Evil);
        AssertHarmless(Tool.Run(_host, Terminal.None, arguments));
    }

    [Fact]
    public void A_journal_entrys_words()
    {
        _host.Write("run/vfio/0000:00:14.3.json", Evil);
        AssertHarmless(Tool.Run(_host, "status"));
        AssertHarmless(Tool.Run(_host, "status", "--json"));
        AssertHarmless(Tool.Run(_host, "release", "00:14.3"));
    }

    [Theory]
    [InlineData("X")]
    [InlineData("list", "X")]
    [InlineData("list", "--X")]
    [InlineData("list", "--class", "X")]
    [InlineData("list", "--driver", "X")]
    [InlineData("bind", "X")]
    [InlineData("bind", "--user", "X", "00:14.3")]
    [InlineData("read", "00:14.3", "X")]
    [InlineData("read", "00:14.3", "bar0+X")]
    [InlineData("read", "00:14.3", "bar0", "-n", "X")]
    [InlineData("write", "00:14.3", "bar0", "X", "-w", "X")]
    public void What_the_user_typed(params string[] arguments) =>
        AssertHarmless(
            Tool.Run(_host, [.. arguments.Select(argument => argument.Replace("X", Evil, StringComparison.Ordinal))]));

    [Fact]
    public void Text_that_looks_like_markup_is_shown_as_it_is()
    {
        FakeDevice device = new("0000:07:00.0", 0x8086, 0x10d3, "020000") { Driver = "[red]x[bold]", Group = 40 };
        _host.Add(device with { Driver = null });
        _host.WriteIdentity(device.Address, device);
        Assert.Contains(" [red]x[bold] ", Tool.Run(_host, Terminal.None, "list").Output, StringComparison.Ordinal);
        Assert.Contains(" [red]x[bold] ", Tool.Run(_host, Terminal.None, "groups").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("caf\u00e9 \u4e2d\u6587 \ud83d\ude00", "caf\u00e9 \u4e2d\u6587 \ud83d\ude00")]
    [InlineData("a\tb\nc\rd\0e\u007f\u0085", "a?b?c?d?e??")]
    [InlineData("\e[31mred", "?[31mred")]
    [InlineData("left\u202eright\u2066\u200f\ufeff\u00ad", "left?right????")]
    public void Clean_replaces_control_and_format_characters(string text, string clean) =>
        Assert.Equal(clean, Printable.Clean(text));

    [Theory]
    [InlineData("12345", 5, "12345")]
    [InlineData("123456", 5, "1234…")]
    [InlineData("123 456", 5, "123…")]
    [InlineData("\u4e2d\u6587\u4e2d\u6587", 5, "\u4e2d\u6587…")]
    [InlineData("\u4e2d\u6587\u4e2d\u6587", 4, "\u4e2d…")]
    [InlineData("123456", 1, "…")]
    [InlineData("123456", 0, "")]
    public void Shorten_counts_columns(string text, int columns, string expected) =>
        Assert.Equal(expected, Printable.Shorten(text, columns));

    [Theory]
    [InlineData("Intel Corporation", "Intel")]
    [InlineData("Advanced Micro Devices, Inc. [AMD/ATI]", "AMD/ATI")]
    [InlineData("Red Hat, Inc.", "Red Hat")]
    [InlineData("Samsung Electronics Co Ltd", "Samsung Electronics")]
    [InlineData("Co., Ltd.", "Co.")]
    [InlineData("", "")]
    public void Vendors_have_their_common_names(string vendor, string expected) =>
        Assert.Equal(expected, DeviceNames.Shorten(vendor));

    private static void AssertHarmless(Result result)
    {
        foreach (Rune rune in (result.Output + result.Errors).EnumerateRunes())
        {
            if (rune.Value != '\n' && Printable.Clean(rune.ToString()) != rune.ToString())
            {
                Assert.Fail($"U+{rune.Value:x4} in {result}");
            }
        }

        Assert.All(result.Errors.TrimEnd('\n').Split('\n'), line => Assert.True(line.Length < 400, line));
    }
}
