using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class BindingPlanTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeKernel _kernel;

    public BindingPlanTests() => _kernel = new FakeKernel(_host);

    public void Dispose() => _host.Dispose();

    private BindingPlan Plan(BindOptions? options, params FakeDevice[] devices) => BindingPlan.Compute(
        [.. devices.Select(device => device.Address)],
        (options ?? new BindOptions()) with { Host = _host.Root, Changes = _kernel });

    private BindingJournal Journal => new(_host.Root);

    [Fact]
    public void A_bind_writes_the_override_then_unbinds_then_probes()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        Plan(null, nic).Execute();
        Assert.Equal(
            [
                "write sys/bus/pci/devices/0000:00:14.3/driver_override vfio-pci",
                "write sys/bus/pci/drivers/e1000e/unbind 0000:00:14.3",
                "write sys/bus/pci/drivers_probe 0000:00:14.3",
            ],
            _kernel.Calls);
    }

    [Fact]
    public void The_journal_is_written_before_the_first_change()
    {
        FakeDevice nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true).WithOverride("e1000e");
        _kernel.Fault = Fault.Kill(1, after: false);
        Assert.Throws<KilledException>(() => Plan(null, nic).Execute());
        JournalEntry entry = Assert.Single(Journal.GetEntries());
        Assert.Null(entry.ParseError);
        Assert.Equal((nic.Address, 0x8086, 0x10d3), (entry.Address, entry.VendorId, entry.DeviceId));
        Assert.Equal(
            ("vfio-pci", "e1000e", "e1000e", "e1000e"),
            (entry.Driver, entry.OriginalDriver, entry.OriginalModule, entry.PreviousOverride));
        Assert.Equal([new InterfaceState { Name = "eth0", IsUp = true }], entry.Interfaces);
        Assert.Equal(Environment.ProcessId, entry.ProcessId);
        Assert.InRange(DateTimeOffset.UtcNow - entry.BoundAt, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.NotEmpty(entry.BoundBy);
        Assert.Null(entry.User);
    }

    [Fact]
    public void The_journal_can_be_read_by_every_user_and_written_only_by_its_owner()
    {
        const UnixFileMode Entry = UnixFileMode.UserRead
            | UnixFileMode.UserWrite
            | UnixFileMode.GroupRead
            | UnixFileMode.OtherRead;
        Plan(null, BindScenario.AddNic(_host)).Execute();
        Assert.Equal(Entry, File.GetUnixFileMode(_host.PathOf("run/vfio/0000:00:14.3.json")));
        Assert.Equal(
            Entry | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute,
            File.GetUnixFileMode(_host.PathOf("run/vfio")));
    }

    [Fact]
    public void If_one_device_is_refused_none_is_changed()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        FakeDevice bridge = _host.AddDevice("0000:00:1c.0", classCode: "060400", driver: "pcieport", group: 3);
        TreeSnapshot before = new(_host);
        BindingPlan plan = Plan(new BindOptions { Force = true }, nic, bridge);
        Assert.Equal(["bridge"], plan.Refusals.Select(refusal => refusal.Reason.ToWord()));
        BindingRefusedException refused = Assert.Throws<BindingRefusedException>(plan.Execute);
        Assert.Equal(bridge.Address, Assert.Single(refused.Refusals).Device);
        Assert.Contains("endpoints", refused.Hint, StringComparison.Ordinal);
        before.AssertUnchanged(_host);
        Assert.Empty(_kernel.Calls);
        Assert.False(_host.Exists("run/vfio"));
    }

    [Fact]
    public void A_refusal_that_can_be_forced_is_dropped_by_force()
    {
        FakeDevice nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        _host.Append("proc/net/route", "eth0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
        BindingRefusedException refused = Assert.Throws<BindingRefusedException>(Plan(null, nic).Execute);
        Assert.Contains("--force", refused.Hint, StringComparison.Ordinal);
        Assert.Empty(_kernel.Calls);
        BindingPlan forced = Plan(new BindOptions { Force = true }, nic);
        Assert.Empty(forced.Refusals);
        forced.Execute();
        Assert.Equal("vfio-pci", nic.Driver);
    }

    [Fact]
    public void A_use_that_begins_after_planning_is_seen_before_the_first_change()
    {
        FakeDevice nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        BindingPlan plan = Plan(null, nic);
        Assert.Empty(plan.Refusals);
        _host.Append("proc/net/route", "eth0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
        Assert.Throws<BindingRefusedException>(plan.Execute);
        Assert.Empty(_kernel.Calls);
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void An_absent_device_is_refused_by_name()
    {
        PciAddress absent = PciAddress.Parse("0000:00:1f.7");
        VfioException refusal = Assert.Throws<VfioException>(() =>
            BindingPlan.Compute(
                [BindScenario.AddNic(_host).Address, absent],
                new BindOptions { Host = _host.Root, Changes = _kernel }));
        Assert.Equal("0000:00:1f.7", refusal.Subject);
        Assert.Empty(_kernel.Calls);
    }

    [Fact]
    public void No_list_is_a_mistake_of_the_caller() =>
        Assert.Throws<ArgumentNullException>(() => BindingPlan.Compute(null!));

    [Fact]
    public void A_plan_for_no_devices_is_empty()
    {
        BindingPlan plan = BindingPlan.Compute(
            [], new BindOptions { WholeGroup = true, Host = _host.Root, Changes = _kernel });
        plan.Execute();
        Assert.Empty(plan.Steps);
        Assert.Empty(plan.Refusals);
        Assert.Empty(plan.Blockers);
        Assert.Empty(_kernel.Calls);
    }

    [Fact]
    public void An_unknown_user_is_refused_before_anything_else()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        Assert.Throws<VfioException>(() => Plan(new BindOptions { User = "no-such-user" }, nic));
        Assert.False(_host.Exists("run/vfio"));
    }

    [Fact]
    public void A_device_named_twice_is_bound_once()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        BindingPlan plan = Plan(null, nic, nic);
        Assert.Single(plan.Devices);
        plan.Execute();
        Assert.Equal(3, _kernel.Calls.Count);
    }

    [Fact]
    public void The_other_endpoints_of_the_group_are_named_as_blockers()
    {
        FakeDevice[] group = BindScenario.AddGroup(_host);
        BindingPlan plan = Plan(null, group[0]);
        Assert.Equal([group[1].Address], plan.Blockers.Select(device => device.Address));
        Assert.Empty(plan.Refusals);
        plan.Execute();
        Assert.Equal(("vfio-pci", "snd_intel8x0"), (group[0].Driver, group[1].Driver));
    }

    [Fact]
    public void With_both_endpoints_named_nothing_blocks() =>
        Assert.Empty(Plan(null, BindScenario.AddGroup(_host)).Blockers);

    [Fact]
    public void The_whole_group_is_its_endpoints_and_the_bridge_stays()
    {
        FakeDevice[] group = BindScenario.AddGroup(_host);
        BindingPlan plan = Plan(new BindOptions { WholeGroup = true }, group[1]);
        Assert.Equal([group[1].Address, group[0].Address], plan.Devices.Select(device => device.Address));
        Assert.Empty(plan.Blockers);
        plan.Execute();
        Assert.Equal(
            ("vfio-pci", "vfio-pci", "pcieport"),
            (group[0].Driver, group[1].Driver, _host[PciAddress.Parse("0000:00:1e.0")].Driver));
    }

    [Fact]
    public void If_one_endpoint_of_the_group_is_in_use_none_of_it_is_bound()
    {
        FakeDevice[] group = BindScenario.AddGroup(_host);
        _host.Append("proc/net/route", "eth5\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
        TreeSnapshot before = new(_host);
        BindingRefusedException refused = Assert.Throws<BindingRefusedException>(
            Plan(new BindOptions { WholeGroup = true }, group[1]).Execute);
        Assert.Equal(group[0].Address, Assert.Single(refused.Refusals).Device);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_that_has_a_vfio_driver_is_not_changed()
    {
        FakeDevice taken = _host.AddDevice("0000:00:14.3", driver: "mlx5_vfio_pci", group: 12);
        BindingPlan plan = Plan(null, taken);
        Assert.Empty(plan.Steps);
        plan.Execute();
        Assert.Empty(_kernel.Calls);
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void The_module_is_loaded_if_the_driver_is_missing()
    {
        _host.RemoveModule("vfio-pci");
        _host.LoadableModules["vfio-pci"] = "vfio-pci";
        FakeDevice nic = BindScenario.AddNic(_host);
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13);
        Plan(null, nic, second).Execute();
        Assert.Equal("modprobe vfio-pci", _kernel.Calls[0]);
        Assert.Single(_kernel.Calls, "modprobe vfio-pci");
        Assert.Equal(("vfio-pci", "vfio-pci"), (nic.Driver, second.Driver));
    }

    [Fact]
    public void A_kernel_without_vfio_pci_says_so_and_nothing_was_changed()
    {
        _host.RemoveDriver("vfio-pci");
        FakeDevice nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        TreeSnapshot before = new(_host);
        VfioException failure = Assert.Throws<VfioException>(Plan(null, nic).Execute);
        Assert.Equal(("modprobe", "vfio-pci"), (failure.Operation, failure.Subject));
        before.AssertUnchanged(_host);
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void A_driver_that_does_not_bind_the_device_is_an_error_and_the_device_is_released()
    {
        FakeDevice nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        TreeSnapshot before = new(_host);
        DeafKernel kernel = new(_kernel, "sys/bus/pci/drivers_probe");
        VfioException failure = Assert.Throws<VfioException>(
            BindingPlan.Compute([nic.Address], new BindOptions { Host = _host.Root, Changes = kernel }).Execute);
        Assert.Equal("bind on 0000:00:14.3: the driver vfio-pci did not bind to the device", failure.Message);
        before.AssertUnchanged(_host);
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void Undoing_continues_with_the_other_devices_if_one_cannot_be_undone()
    {
        // The second device fails, and cannot be returned to its driver either; the first one can.
        FakeDevice first = BindScenario.AddNic(_host).WithInterface("eth0");
        FakeDevice second = _host.AddDevice("0000:00:15.0", "1b36:0010", "010802", "nvme", 13);
        BrokenKernel kernel = new(_kernel, "drivers_probe 0000:00:15.0", "nvme/bind 0000:00:15.0");
        VfioException failure = Assert.Throws<VfioException>(
            BindingPlan.Compute(
                [first.Address, second.Address], new BindOptions { Host = _host.Root, Changes = kernel }).Execute);
        Assert.Contains("0000:00:15.0", failure.Message + failure.Hint, StringComparison.Ordinal);
        Assert.Equal([second.Address], Journal.GetEntries().Select(entry => entry.Address));
        Assert.Equal("e1000e", first.Driver);
    }
}
