using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// A group with a function that is neither an endpoint nor a PCI bridge, but has a driver: it is only unbound from that
/// driver, and only together with its group.
/// </summary>
public sealed class LegacyGroupTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeDevice _disks;
    private readonly FakeDevice _bridge;
    private readonly TreeSnapshot _before;

    public LegacyGroupTests()
    {
        FakeDevice[] group = BindScenario.AddLegacyGroup(_host);
        (_disks, _bridge) = (group[0], group[1]);
        _before = new TreeSnapshot(_host);
    }

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("0000:00:1f.2")]
    [InlineData("0000:00:1f.0")]
    public void With_its_group_it_is_unbound_and_saved(string named)
    {
        BindingPlan plan = Plan(PciAddress.Parse(named));
        Assert.Empty(plan.Refusals);
        Assert.Equal([_bridge.Address], plan.Unbound.Select(device => device.Address));
        plan.Execute();
        Assert.Equal(("vfio-pci", null, "none"), (_disks.Driver, _bridge.Driver, _bridge.Override));
        JournalEntry entry = new BindingJournal(_host.Root).Find(_bridge.Address)!;
        Assert.Equal(("lpc_ich", true), (entry.OriginalDriver, entry.IsUnbound));
        Assert.Empty(_disks.Info.IommuGroup is int group ? new PciBus(_host.Root).GetGroup(group)!.GetBlockers() : []);
        Assert.Empty(Plan(_disks.Address).Steps);
    }

    [Fact]
    public void It_is_released_with_the_last_device_of_its_group()
    {
        FakeDevice audio = _host.AddDevice("0000:00:1f.3", "8086:293e", "040300", "snd_hda_intel", 11)
            .WithHeader(type: 0);
        Plan(_disks.Address).Execute();
        Release(_disks.Address);
        Assert.Equal(("ahci", null, "vfio-pci"), (_disks.Driver, _bridge.Driver, audio.Driver));
        Release(audio.Address);
        Assert.Equal(("lpc_ich", "snd_hda_intel"), (_bridge.Driver, audio.Driver));
        Assert.Empty(new BindingJournal(_host.Root).GetEntries());
    }

    [Fact]
    public void By_itself_it_is_refused_with_a_command_that_works()
    {
        BindingRefusal refusal = Assert.Single(Plan(_bridge.Address, wholeGroup: false).Refusals);
        Assert.Equal("bridge", refusal.Reason.ToWord());
        Assert.StartsWith("vfio bind --group 0000:00:1f.2 ", refusal.Hint, StringComparison.Ordinal);
        _before.AssertUnchanged(_host);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_open_watchdog_of_it_is_a_use(bool force)
    {
        _bridge.WithAttribute("iTCO_wdt.1.auto/watchdog/watchdog0/dev", "249:0\n")
            .WithAttribute("iTCO_wdt.1.auto/watchdog/watchdog0/uevent", "DEVNAME=watchdog0\n");
        _host.AddProcess(55, "systemd", 0, "/dev/watchdog0");
        BindingPlan plan = Plan(_disks.Address, force: force);
        Assert.Equal(force, plan.Refusals.Count == 0);
        Assert.All(plan.Refusals, refusal => Assert.Equal(
            (_bridge.Address, "pid 55 (systemd, user root) has /dev/watchdog0 open", true),
            (refusal.Device, refusal.Explanation, refusal.CanForce)));
        Finding group = Assert.Single(
            HostDiagnosis.Examine(_disks.Address, _host.Root).Findings, finding => finding.Topic == FindingTopic.Group);
        Assert.Null(group.Command);
        Assert.Contains("0000:00:1f.0 cannot be bound with it: pid 55", group.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void The_diagnosis_says_what_happens_to_it()
    {
        Finding group = Assert.Single(
            HostDiagnosis.Examine(_disks.Address, _host.Root).Findings, finding => finding.Topic == FindingTopic.Group);
        Assert.Equal("sudo vfio bind --group 0000:00:1f.2", group.Command);
        Assert.Equal("0000:00:1f.0 (lpc_ich) is only unbound from its driver, until the release", group.Advice);
    }

    [Fact]
    public void A_bridge_to_pci_with_a_driver_of_its_own_stays()
    {
        FakeDevice real = _host.AddDevice("0000:00:1e.0", "8086:244e", "060401", "shpchp", 11).WithHeader(type: 1);
        BindingPlan plan = Plan(_disks.Address);
        Assert.DoesNotContain(plan.Devices, device => device.Address == real.Address);
        Assert.Contains(
            new HostSurvey(_host.Root).GetGroupRefusals(new PciBus(_host.Root).GetGroup(11)!),
            refusal => refusal.Device == real.Address && refusal.Reason.ToWord() == "bridge");
    }

    private BindingPlan Plan(PciAddress address, bool wholeGroup = true, bool force = false) =>
        BindingPlan.Compute([address], new BindOptions
        {
            Host = _host.Root,
            Changes = new FakeKernel(_host),
            WholeGroup = wholeGroup,
            Force = force,
        });

    private void Release(PciAddress address) =>
        Assert.All(
            ReleasePlan.Compute([address], new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
                .Execute(),
            outcome => Assert.Null(outcome.Error));
}
