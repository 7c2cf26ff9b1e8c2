using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class ReleasePlanTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeKernel _kernel;
    private readonly FakeDevice _nic;
    private readonly TreeSnapshot _before;

    public ReleasePlanTests()
    {
        _kernel = new FakeKernel(_host);
        _nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        _before = new TreeSnapshot(_host);
        BindingPlan.Compute([_nic.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
            .Execute();
    }

    public void Dispose() => _host.Dispose();

    private BindingJournal Journal => new(_host.Root);

    private ReleaseOptions Options(bool force = false) => new() { Host = _host.Root, Changes = _kernel, Force = force };

    private ReleaseOutcome Release(bool force = false) =>
        Assert.Single(ReleasePlan.Compute([_nic.Address], Options(force)).Execute());

    private void Hold()
    {
        _nic.IsHeld = true;
        _host.AddProcess(4711, "qemu-system-x86", 0, "/dev/vfio/12");
    }

    [Fact]
    public void A_release_sets_the_override_unbinds_binds_clears_the_override_and_brings_interfaces_up()
    {
        ReleaseOutcome outcome = Release();
        Assert.Equal(("e1000e", null), (outcome.Device!.Driver, outcome.Error));
        Assert.Equal(
            [
                "write sys/bus/pci/devices/0000:00:14.3/driver_override e1000e",
                "write sys/bus/pci/drivers/vfio-pci/unbind 0000:00:14.3",
                "write sys/bus/pci/drivers/e1000e/bind 0000:00:14.3",
                "write sys/bus/pci/devices/0000:00:14.3/driver_override",
                "up eth0",
            ],
            _kernel.Calls);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_that_another_program_bound_is_released_only_by_name_and_force()
    {
        FakeDevice foreign = _host.AddDevice("0000:00:16.0", driver: "vfio-pci", group: 15)
            .WithOverride("vfio-pci")
            .WithAttribute("modalias", "pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00\n");
        _host.WriteModuleFile(
            "modules.alias",
            "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\nalias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n");
        _host.Write("etc/modprobe.d/vfio.conf", "# passthrough\noptions vfio-pci ids=8086:10d3,10de:2204\n");
        VfioException refusal = Assert.Throws<VfioException>(() => ReleasePlan.Compute([foreign.Address], Options()));
        Assert.Contains("vfio release --force 0000:00:16.0", refusal.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain(
            ReleasePlan.ComputeAll(Options(force: true)).Entries, entry => entry.Address == foreign.Address);

        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/15");
        Assert.Contains(
            "pid 4711",
            Assert.Single(ReleasePlan.Compute([foreign.Address], Options(force: true)).Execute()).Error!.Message,
            StringComparison.Ordinal);
        Assert.Equal("vfio-pci", foreign.Driver);
        _host.EndProcess(4711);

        ReleaseOutcome outcome = Assert.Single(ReleasePlan.Compute([foreign.Address], Options(force: true)).Execute());
        Assert.Null(outcome.Error);
        Assert.Equal(("e1000e", null), (foreign.Driver, foreign.Override));
        Assert.Contains(outcome.Skipped, line => line.Contains("/etc/modprobe.d/vfio.conf", StringComparison.Ordinal));
        Assert.Null(Journal.Find(foreign.Address));
    }

    [Theory]
    [InlineData("e1000e")]
    [InlineData(null)]
    public void A_device_that_had_a_vfio_driver_before_and_was_rebound_since_is_not_changed(string? driver)
    {
        BindScenario.NeedUsers();
        FakeDevice foreign = _host.AddDevice("0000:00:16.0", driver: "vfio-pci", group: 15).WithOverride("vfio-pci");
        BindingPlan.Compute(
            [foreign.Address], new BindOptions { Host = _host.Root, Changes = _kernel, User = BindScenario.User })
            .Execute();
        Assert.Equal("vfio-pci", Journal.Find(foreign.Address)?.OriginalDriver);
        foreign.NaturalDriver = "e1000e";
        foreign.Override = null;
        foreign.SetDriver(driver);
        ReleaseOutcome outcome = Assert.Single(ReleasePlan.Compute([foreign.Address], Options()).Execute());
        Assert.Null(outcome.Error);
        Assert.Equal((driver, null), (foreign.Driver, foreign.Override));
        Assert.Contains(
            outcome.Skipped,
            line => line.StartsWith($"its driver has changed to {driver ?? "none"}", StringComparison.Ordinal));
        Assert.Null(Journal.Find(foreign.Address));
    }

    [Fact]
    public void What_driverctl_does_at_the_next_boot_is_reported()
    {
        _host.Write($"etc/driverctl.d/{_nic.Address}", "vfio-pci\n");
        Assert.Contains(Release().Skipped, line => line.StartsWith(
            "driverctl will bind it to vfio-pci again at the next boot", StringComparison.Ordinal));
    }

    [Fact]
    public void Killed_at_any_change_a_second_release_finishes_it()
    {
        for (int call = 1; ; call++)
        {
            using FakeHost host = new();
            FakeDevice foreign = host.AddDevice("0000:00:16.0", "8086:1e31", "0c0330", "vfio-pci", group: 15)
                .WithOverride("vfio-pci");
            // The module provides a driver with another name.
            host.WriteModuleFile("modules.dep", "kernel/xhci-pci.ko:\n");
            host.WriteModuleFile("modules.alias", "alias pci:v*d*sv*sd*bc0Csc03i30* xhci_pci\n");
            host.LoadableModules["xhci_pci"] = "xhci_hcd";
            FakeKernel kernel = new(host) { Fault = Fault.Kill(call, after: true) };
            ReleaseOptions options = new() { Host = host.Root, Changes = kernel };
            bool isKilled = false;
            try
            {
                Assert.Null(Assert.Single(
                    ReleasePlan.Compute([foreign.Address], options with { Force = true }).Execute()).Error);
            }
            catch (KilledException)
            {
                isKilled = true;
                bool isForeign = new BindingJournal(host.Root).Find(foreign.Address) is null;
                Assert.All(
                    ReleasePlan.Compute([foreign.Address], options with { Force = isForeign }).Execute(),
                    outcome => Assert.Null(outcome.Error));
            }

            Assert.Equal(("xhci_hcd", null), (foreign.Driver, foreign.Override));
            Assert.Empty(new BindingJournal(host.Root).GetEntries());
            if (!isKilled)
            {
                Assert.InRange(call, 5, 8);
                return;
            }
        }
    }

    [Fact]
    public void A_device_that_is_held_stays_and_the_holder_is_named()
    {
        Hold();
        TreeSnapshot held = new(_host);
        ReleaseOutcome outcome = Release();
        Assert.Contains("pid 4711 (qemu-system-x86, user root)", outcome.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("--force", outcome.Error.Hint, StringComparison.Ordinal);
        Assert.Empty(_kernel.Calls);
        held.AssertUnchanged(_host);
        Assert.NotNull(Journal.Find(_nic.Address));
        Assert.Equal(
            RefusalReason.InUse, Assert.Single(ReleasePlan.Compute([_nic.Address], Options()).Refusals).Reason);
    }

    [Fact]
    public void By_force_a_child_process_waits_for_the_holder()
    {
        Hold();
        ReleaseOutcome outcome = Release(force: true);
        Assert.Null(outcome.Error);
        Assert.Contains("write sys/bus/pci/drivers/vfio-pci/unbind 0000:00:14.3", _kernel.Calls);
        _host.EndProcess(4711);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_child_that_still_waits_is_named_and_a_later_release_continues()
    {
        Hold();
        _kernel.ChildWaits = true;
        ReleaseOutcome outcome = Release(force: true);
        Assert.Contains($"{FakeKernel.ChildId}", outcome.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("4711", outcome.Error.Message, StringComparison.Ordinal);
        Assert.Contains("vfio release 0000:00:14.3", outcome.Error.Hint, StringComparison.Ordinal);
        Assert.NotNull(Journal.Find(_nic.Address));
        _host.EndProcess(4711);
        _nic.LetGo();
        Assert.Null(Release().Error);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void The_entry_of_a_device_that_no_longer_exists_is_removed()
    {
        _host.Remove(_nic);
        TreeSnapshot without = new(_host);
        ReleaseOutcome outcome = Release();
        Assert.Equal((null, null), (outcome.Device, outcome.Error));
        Assert.Empty(_kernel.Calls);
        Assert.Empty(Journal.GetEntries());
        without.AssertUnchanged(_host);
    }

    [Theory]
    [InlineData("1af4:1041")]
    [InlineData("8086:10d4")]
    [InlineData("8087:10d3")]
    public void Another_card_at_the_same_address_is_not_changed(string ids)
    {
        _host.Remove(_nic);
        _host.AddDevice("0000:00:14.3", ids, driver: "virtio-pci", group: 12);
        TreeSnapshot other = new(_host);
        Assert.Null(Release().Error);
        Assert.Empty(_kernel.Calls);
        Assert.Empty(Journal.GetEntries());
        other.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_that_was_moved_to_a_third_driver_is_still_released()
    {
        _host.AddDriver("uio_pci_generic");
        _nic.SetDriver("uio_pci_generic");
        Assert.Null(Release().Error);
        _host.RemoveDriver("uio_pci_generic");
        Directory.Delete(_host.PathOf("sys/module/uio_pci_generic"), recursive: true);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_that_already_has_its_original_driver_is_not_changed()
    {
        _nic.Override = null;
        _nic.SetDriver("e1000e");
        _host.Write("sys/class/net/eth0/flags", "0x1003\n");
        Assert.Null(Release().Error);
        Assert.DoesNotContain(_kernel.Calls, call => call.StartsWith("write", StringComparison.Ordinal));
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_driver_that_was_unloaded_meanwhile_is_loaded_again()
    {
        _host.RemoveDriver("e1000e");
        Directory.Delete(_host.PathOf("sys/module/e1000e"), recursive: true);
        _host.LoadableModules["e1000e"] = "e1000e";
        Assert.Null(Release().Error);
        Assert.Contains("modprobe e1000e", _kernel.Calls);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_driver_that_no_longer_exists_is_an_error_and_the_entry_stays()
    {
        _host.RemoveDriver("e1000e");
        ReleaseOutcome outcome = Release();
        Assert.Equal(("modprobe", "e1000e"), (outcome.Error!.Operation, outcome.Error.Subject));
        Assert.NotNull(Journal.Find(_nic.Address));
    }

    [Fact]
    public void One_failure_does_not_prevent_the_release_of_the_others()
    {
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13);
        BindingPlan.Compute([second.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
            .Execute();
        Hold();
        IReadOnlyList<ReleaseOutcome> outcomes = ReleasePlan.ComputeAll(Options()).Execute();
        Assert.Equal([_nic.Address, second.Address], outcomes.Select(outcome => outcome.Entry.Address));
        Assert.NotNull(outcomes[0].Error);
        Assert.Null(outcomes[1].Error);
        Assert.Equal(("vfio-pci", "e1000e"), (_nic.Driver, second.Driver));
        Assert.Equal([_nic.Address], Journal.GetEntries().Select(entry => entry.Address));
    }

    [Fact]
    public void An_interface_that_does_not_come_back_is_not_an_error()
    {
        _nic.NaturalDriver = null;
        _nic.WithOverride("e1000e"); // binds because of its override now, and creates no interface
        JournalEntry entry = Journal.Find(_nic.Address)!;
        Journal.Write(entry with { PreviousOverride = "e1000e" });
        Assert.Null(Release().Error);
        Assert.Equal("e1000e", _nic.Driver);
        Assert.DoesNotContain(_kernel.Calls, call => call.StartsWith("up", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_another_interface_has_meanwhile_is_not_changed()
    {
        Journal.Write(
            Journal.Find(_nic.Address)! with { Interfaces = [new InterfaceState { Name = "eth9", IsUp = true }] });
        FakeDevice other = BindScenario.AddSecondNic(_host, group: 13).WithInterface("eth9");
        ReleaseOutcome outcome = Release();
        Assert.Null(outcome.Error);
        Assert.Contains("eth0", new HostSurvey(_host.Root).GetInterfaces(_nic.Address));
        Assert.Equal(["eth9"], new HostSurvey(_host.Root).GetInterfaces(other.Address));
    }

    [Fact]
    public void A_device_that_was_not_bound_is_refused_with_what_is_known_about_it()
    {
        FakeDevice untaken = BindScenario.AddSecondNic(_host, group: 13);
        VfioException refusal = Assert.Throws<VfioException>(() => ReleasePlan.Compute([untaken.Address], Options()));
        Assert.Contains("not bound", refusal.Message, StringComparison.Ordinal);
        FakeDevice foreign = _host.AddDevice("0000:00:16.0", driver: "vfio-pci", group: 14);
        refusal = Assert.Throws<VfioException>(() => ReleasePlan.Compute([foreign.Address], Options()));
        Assert.Contains("vfio-pci", refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<VfioException>(
            () => ReleasePlan.Compute([PciAddress.Parse("0000:00:1f.7")], Options()));
        Assert.Contains("no PCI device", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_bound_devices_there_is_nothing_to_do()
    {
        Assert.Null(Release().Error);
        Assert.Empty(ReleasePlan.ComputeAll(Options()).Execute());
        Assert.Empty(ReleasePlan.ComputeAll(Options()).Steps);
    }

    [Fact]
    public void A_plan_that_another_program_has_carried_out_does_nothing()
    {
        ReleasePlan plan = ReleasePlan.Compute([_nic.Address], Options());
        Assert.Null(Release().Error);
        int calls = _kernel.Calls.Count;
        Assert.Null(Assert.Single(plan.Execute()).Error);
        Assert.Equal(calls, _kernel.Calls.Count);
        _before.AssertUnchanged(_host);
    }
}
