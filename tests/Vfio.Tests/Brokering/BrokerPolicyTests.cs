using System.Diagnostics;
using Vfio.Host;

namespace Vfio.Tests;

public sealed class BrokerPolicyTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly PciDeviceInfo _nic;
    private readonly PciDeviceInfo _disk;

    public BrokerPolicyTests()
    {
        _nic = _host.AddDevice("0000:00:03.0", "8086:10d3", "020000", "vfio-pci", group: 3).Info;
        _disk = _host.AddDevice("0000:00:04.0", "1b36:0010", "010802", "vfio-pci", group: 4).Info;
    }

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("allow any any", true, true)]
    [InlineData("allow any any iommufd", true, true)]
    [InlineData("allow any any group", false, false)]
    [InlineData("", false, false)]
    [InlineData("deny any any\nallow any any", false, false)]
    [InlineData("allow user:1000 any", true, true)]
    [InlineData("allow user:1001 any", false, false)]
    [InlineData("allow user:root any", false, false)]
    [InlineData("allow group:100 any", true, true)]
    [InlineData("allow group:200 any", true, true)]
    [InlineData("allow group:root any", false, false)]
    [InlineData("allow any device:0000:00:03.0", true, false)]
    [InlineData("allow any device:00:03.0", true, false)]
    [InlineData("allow any id:8086:10d3", true, false)]
    [InlineData("allow any id:8086:10d4", false, false)]
    [InlineData("allow any id:8086:*", true, false)]
    [InlineData("allow any class:02", true, false)]
    [InlineData("allow any class:0108", false, true)]
    [InlineData("allow any class:010802", false, true)]
    [InlineData("allow any class:010803", false, false)]
    [InlineData("# all but the disk\n\n  deny\tany class:01 any # no disks\nallow any any", true, false)]
    [InlineData("deny user:1000 device:00:03.0\nallow user:1000 any any", false, true)]
    public void The_first_rule_that_is_about_it_decides(string text, bool nic, bool disk)
    {
        BrokerPolicy policy = BrokerPolicy.Parse(text, "policy");
        BrokerPeer peer = new(1000, 100, 4242, [200, 300]);
        Assert.Equal(nic, policy.Find(peer, _nic, BrokerBackend.Iommufd) is { Allows: true });
        Assert.Equal(disk, policy.Find(peer, _disk, BrokerBackend.Iommufd) is { Allows: true });
    }

    [Theory]
    [InlineData("allow any", "3 or 4 words")]
    [InlineData("deny group:200 any", "a rule cannot deny a group")]
    [InlineData("allow any any any any", "3 or 4 words")]
    [InlineData("permit any any", "'permit' is not an action")]
    [InlineData("allow alice any", "'alice' is not a valid WHO")]
    [InlineData("allow user:nobody-of-this-name any", "no user 'nobody-of-this-name'")]
    [InlineData("allow user: any", "no user ''")]
    [InlineData("allow user:4294967295 any", "no user")]
    [InlineData("allow group:no-such-group any", "no group")]
    [InlineData("allow any 0000:00:03.0", "is not a valid DEVICES")]
    [InlineData("allow any device:00:03", "not a PCI address")]
    [InlineData("allow any id:8086", "8086:*")]
    [InlineData("allow any id:*:*", "8086:*")]
    [InlineData("allow any id:8086:10d3:1", "8086:*")]
    [InlineData("allow any id:+086:10d3", "8086:*")]
    [InlineData("allow any class:", "not a class")]
    [InlineData("allow any class:020", "not a class")]
    [InlineData("allow any class:02000000", "not a class")]
    [InlineData("allow any any type1", "'type1' is not a backend")]
    public void A_wrong_line_is_named_with_what_is_wrong(string line, string reason)
    {
        VfioException wrong = Assert.Throws<VfioException>(
            () => BrokerPolicy.Parse($"# comment\nallow any any\n{line}\n", "my.policy"));
        Assert.Equal("my.policy:3", wrong.Subject);
        Assert.Contains(reason, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_are_counted_and_bounded()
    {
        string line = "allow any any\n";
        Assert.Equal(
            PolicyParser.MostRules,
            BrokerPolicy.Parse(string.Concat(Enumerable.Repeat(line, PolicyParser.MostRules)), "p").RuleCount);
        Assert.Contains(
            "more than 1000",
            Assert.Throws<VfioException>(() => BrokerPolicy.Parse(
                string.Concat(Enumerable.Repeat(line, PolicyParser.MostRules + 1)), "p")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_the_text_it_is_a_policy_or_a_named_line()
    {
        string[] words =
        [
            "allow", "deny", "any", "user:", "user:0", "group:", "id:", "id:8086:*", "class:02", "device:",
            "device:00:03.0", "#", "\n", "\0", "\u2028", "iommufd", ":", "🚀",
        ];
        Random random = new(3);
        int good = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Join(random.Next(4) == 0 ? "" : " ", Enumerable.Range(0, random.Next(9))
                .Select(_ => words[random.Next(words.Length)]));
            try
            {
                _ = BrokerPolicy.Parse(text, "p");
                good++;
            }
            catch (VfioException e) when (e.Subject.StartsWith("p:", StringComparison.Ordinal))
            {
                // This exception is expected.
            }
        }

        Assert.InRange(good, 1, 19_999);
    }

    [Theory]
    [InlineData("644", true)]
    [InlineData("600", true)]
    [InlineData("664", false)]
    [InlineData("646", false)]
    public void A_policy_that_others_may_write_is_refused(string mode, bool isGood)
    {
        string path = WriteFile("allow any any\n");
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
        if (isGood)
        {
            Assert.Equal(1, BrokerPolicy.Load(path).RuleCount);
        }
        else
        {
            Assert.Contains(
                $"with mode {mode}",
                Assert.Throws<VfioException>(() => BrokerPolicy.Load(path)).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_policy_of_another_user_is_refused()
    {
        Assert.SkipUnless(
            Environment.UserName == "root", "only root gives files away: as root this shows that the owner counts");
        string path = WriteFile("allow any any\n");
        Process.Start("chown", ["12345", path])!.WaitForExit();
        Assert.Contains(
            "belongs to 12345",
            Assert.Throws<VfioException>(() => BrokerPolicy.Load(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_is_not_a_regular_file_is_refused_without_waiting()
    {
        Assert.Contains(
            "not a regular file",
            Assert.Throws<VfioException>(() => BrokerPolicy.Load(_host.Folder)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "not a regular file",
            Assert.Throws<VfioException>(() => BrokerPolicy.Load("/dev/null")).Message,
            StringComparison.Ordinal);
        Process.Start("mkfifo", [_host.PathOf("pipe")])!.WaitForExit();
        Assert.Contains(
            "not a regular file",
            Assert.Throws<VfioException>(() => BrokerPolicy.Load(_host.PathOf("pipe"))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "ENOENT",
            Assert.Throws<VfioException>(() => BrokerPolicy.Load(_host.PathOf("nothing"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_is_too_long_is_refused()
    {
        Assert.Equal(0, BrokerPolicy.Load(WriteFile(new string('#', BrokerPolicy.MostBytes))).RuleCount);
        Assert.Contains(
            "larger than",
            Assert.Throws<VfioException>(
                () => BrokerPolicy.Load(WriteFile(new string('#', BrokerPolicy.MostBytes + 1)))).Message,
            StringComparison.Ordinal);
    }

    private string WriteFile(string text)
    {
        _host.Write("etc/broker.policy", text);
        return _host.PathOf("etc/broker.policy");
    }
}
