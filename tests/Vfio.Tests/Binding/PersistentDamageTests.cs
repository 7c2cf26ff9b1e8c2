using Vfio.Host;

namespace Vfio.Tests;

/// <summary>A corrupt file of persistent devices: it is ignored entirely, and nothing else depends on it.</summary>
public sealed class PersistentDamageTests : IDisposable
{
    private readonly PersistentHost _host = new();

    public PersistentDamageTests() => _host.Bind();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_file_truncated_anywhere_is_corrupt()
    {
        string text = _host.Host.Read(PersistentHost.State);
        for (int length = 0; length < text.TrimEnd().Length; length++)
        {
            _host.Host.Write(PersistentHost.State, text[..length]);
            PersistentDevices state = _host.Persistent;
            Assert.True(state.ParseError is not null && state.Entries.Count == 0, $"cut to {length} bytes");
        }
    }

    [Theory]
    [InlineData("\"version\": 2", "\"version\": 3")]
    [InlineData("\"version\": 2", "\"version\": 0")]
    [InlineData("/usr/bin/vfio", "/usr/bin/../vfio")]
    [InlineData("/usr/bin/vfio", "/usr/bin/vfio\\\"; x")]
    [InlineData("\"etc/vfio\"", "\"home\"")]
    [InlineData("\"vfio-pci\"", "\"vfio\\\", RUN+=\\\"/tmp/x\"")]
    [InlineData("\"vfio-pci\"", "\"../x\"")]
    [InlineData("\"0000:00:14.3\"", "\"0000:00:14.3/../x\"")]
    [InlineData("\"8086\"", "8086")]
    public void Everything_that_root_relies_on_is_checked(string what, string other)
    {
        string text = _host.Host.Read(PersistentHost.State);
        Assert.Contains(what, text, StringComparison.Ordinal);
        _host.Host.Write(PersistentHost.State, text.Replace(what, other, StringComparison.Ordinal));
        Assert.NotNull(_host.Persistent.ParseError);
        Assert.Throws<VfioException>(() => _host.Retake());
    }

    [Theory]
    [InlineData("etc/vfio/persistent.json", 0x1b6)]
    [InlineData("etc/vfio", 0x1ff)]
    public void A_file_that_others_can_write_is_ignored(string path, int mode)
    {
        File.SetUnixFileMode(_host.Host.PathOf(path), (UnixFileMode)mode);
        Assert.Contains("users other than root", _host.Persistent.ParseError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_user_is_ignored()
    {
        Assert.SkipUnless(Users.IsRoot, "only root gives files away: as root this shows that the owner counts");
        using (System.Diagnostics.Process change = System.Diagnostics.Process.Start(
            "chown", ["12345", _host.Host.PathOf(PersistentHost.State)]))
        {
            change.WaitForExit();
        }

        Assert.Contains("users other than root", _host.Persistent.ParseError, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_added_to_it()
    {
        _host.Host.Write(PersistentHost.State, "{");
        FakeDevice second = BindScenario.AddSecondNic(_host.Host, 13);
        VfioException failure = Assert.Throws<VfioException>(() => _host.Plan(devices: second));
        Assert.Contains("vfio release --force", failure.Hint, StringComparison.Ordinal);
        Assert.Equal("{", _host.Host.Read(PersistentHost.State));
    }

    [Fact]
    public void A_release_releases_the_device_and_reports_what_is_left_and_force_removes_it()
    {
        _host.Host.Write(PersistentHost.State, "{");
        Assert.Null(Assert.Single(_host.TryRelease().Outcomes).Error);
        Assert.Equal(
            _host.Host.PathOf(PersistentHost.State),
            ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Host.Root }).GetParseError()!.Subject);
        Assert.Equal("e1000e", _host.Nic.Info.Driver);
        Assert.Empty(_host.Journal.GetEntries());
        Assert.True(_host.Host.Exists(PersistentHost.Rules));
        Assert.Empty(_host.TryRelease(force: true).Outcomes);
        Directory.Delete(_host.Host.PathOf("etc/systemd/system/sysinit.target.wants"), recursive: false);
        _host.AssertUntouched();
    }

    [Fact]
    public void Force_for_one_device_takes_nothing_from_the_others()
    {
        File.SetUnixFileMode(_host.Host.PathOf(PersistentHost.State), (UnixFileMode)0x1b6);
        ReleaseOptions options = new()
        {
            Host = _host.Host.Root,
            Changes = new FakeKernel(_host.Host),
            Files = new FakeFiles(_host.Host),
            Force = true,
        };
        ReleasePlan plan = ReleasePlan.Compute([_host.Nic.Address], options);
        Assert.DoesNotContain(plan.Steps, step => step.ToString().Contains("etc/", StringComparison.Ordinal));
        Assert.Null(Assert.Single(plan.Execute()).Error);
        Assert.True(_host.Host.Exists(PersistentHost.State));
        Assert.True(_host.Host.Exists(PersistentHost.Rules));
        Assert.Contains("chmod go-w", plan.GetParseError()!.Hint, StringComparison.Ordinal);
    }
}
