using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// What all plans have in common: computed without waiting, from one reading, never stale, and refused by type.
/// </summary>
public sealed class ChangePlanTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeKernel _kernel;
    private readonly FakeDevice _nic;
    private readonly FakeDevice _other;

    public ChangePlanTests()
    {
        _kernel = new FakeKernel(_host);
        _nic = BindScenario.AddNic(_host);
        _other = BindScenario.AddSecondNic(_host, group: 13);
    }

    private BindOptions Bind => new() { Host = _host.Root, Changes = _kernel };

    private ReleaseOptions Release => new() { Host = _host.Root, Changes = _kernel };

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_plan_shows_the_same_after_the_host_has_changed_and_is_executed_with_the_present_state()
    {
        BindingPlan plan = BindingPlan.Compute([_nic.Address], Bind);
        string[] steps = [.. plan.Steps.Select(step => step.Description)];
        _nic.Override = "vfio-pci";
        Assert.Equal(steps, plan.Steps.Select(step => step.Description));
        BindingPlan executed = plan.Execute();
        Assert.NotSame(plan, executed);
        Assert.DoesNotContain(
            executed.Steps, step => step.Description.EndsWith("/driver_override", StringComparison.Ordinal));
        Assert.Equal(steps, plan.Steps.Select(step => step.Description));
    }

    [Fact]
    public void A_use_that_came_after_the_plan_refuses_its_execution()
    {
        BindingPlan plan = BindingPlan.Compute([_nic.Address], Bind);
        Assert.True(plan.IsAllowed);
        _nic.WithInterface("eth0", isUp: true);
        _host.Write(
            "proc/net/route",
            "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
            + "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n");
        BindingRefusal refusal = Assert.Single(Assert.Throws<BindingRefusedException>(plan.Execute).Refusals);
        Assert.Equal((RefusalReason.Route, "eth0"), (refusal.Reason, refusal.Part));
        Assert.Empty(_kernel.Calls);
    }

    [Fact]
    public void Processes_are_examined_once_for_all_devices_of_a_plan()
    {
        HostContext context = HostContext.For(Bind);
        BindingPlan plan = new BindingComputer(context, [_nic.Address, _other.Address], Bind).Compute();
        Assert.Equal(2, plan.Devices.Count);
        Assert.Equal(1, context.Holders.Looks);
        Assert.Same(context.Persistent, context.Persistent);
        Assert.Equal(0, context.Reread().Holders.Looks);
    }

    [Fact]
    public void A_holder_is_a_refusal_that_a_caller_can_wait_for()
    {
        BindingPlan.Compute([_nic.Address], Bind).Execute();
        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/12");
        ReleasePlan plan = ReleasePlan.Compute([_nic.Address], Release);
        BindingRefusal refusal = Assert.Single(plan.Refusals);
        Assert.Equal(
            (RefusalReason.InUse, true, 4711),
            (refusal.Reason, refusal.CanForce, Assert.Single(refusal.Holders).ProcessId));
        Assert.Empty(plan.Steps);
        int told = 0;
        HolderWait patience = new(Eventually.Limit) { Waiting = (_, _) => told++ };
        int computed = 0;
        ReleasePlan free = patience.Wait(() =>
        {
            if (++computed == 3)
            {
                _host.EndProcess(4711);
            }

            return ReleasePlan.Compute([_nic.Address], Release);
        });
        Assert.True(free.IsAllowed);
        Assert.Equal((1, 3), (told, computed));
        Assert.Null(Assert.Single(free.Execute()).Error);
    }

    [Fact]
    public void Without_patience_a_plan_is_computed_once()
    {
        BindingPlan.Compute([_nic.Address], Bind).Execute();
        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/12");
        int computed = 0;
        ReleasePlan plan = new HolderWait(TimeSpan.Zero).Wait(() =>
        {
            computed++;
            return ReleasePlan.Compute([_nic.Address], Release);
        });
        Assert.Equal((1, false), (computed, plan.IsAllowed));
    }

    [Fact]
    public void One_that_is_refused_does_not_keep_the_others_from_being_released()
    {
        BindingPlan.Compute([_nic.Address, _other.Address], Bind).Execute();
        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/12");
        ReleasePlan plan = ReleasePlan.ComputeAll(Release);
        Assert.Equal(_nic.Address, Assert.Single(plan.Refusals).Device);
        Assert.NotEmpty(plan.Steps);
        Dictionary<PciAddress, VfioException?> errors = plan.Execute()
            .ToDictionary(outcome => outcome.Entry.Address, outcome => outcome.Error);
        Assert.IsType<BindingRefusedException>(errors[_nic.Address]);
        Assert.Null(errors[_other.Address]);
    }

    [Fact]
    public void A_plan_to_bind_again_has_its_steps_and_what_it_skips()
    {
        BindingPlan.Compute([_nic.Address], Bind).Execute();
        _nic.SetDriver("e1000e"); // plugged in again
        _nic.Override = null;
        RebindPlan plan = RebindPlan.Compute(_nic.Address, Bind);
        Assert.Contains(plan.Steps, step => step.Description.Contains("drivers_probe", StringComparison.Ordinal));
        int before = _kernel.Calls.Count;
        Assert.Contains(
            "is skipped: it is neither bound nor persistent",
            Assert.Single(RebindPlan.Compute(_other.Address, Bind).Warnings),
            StringComparison.Ordinal);
        Assert.Equal(before, _kernel.Calls.Count);
        Assert.Null(Assert.Single(plan.Execute()).Error);
        Assert.Equal("vfio-pci", _nic.Driver);
    }

    [Fact]
    public void A_group_of_another_user_is_refused_like_everything_else()
    {
        BindScenario.NeedUsers();
        FakeDevice sibling = _host.AddDevice("0000:00:14.4", driver: "e1000e", group: 12);
        BindingPlan.Compute([_nic.Address], Bind with { User = BindScenario.User }).Execute();
        BindingPlan plan = BindingPlan.Compute([sibling.Address], Bind with { User = BindScenario.OtherUser });
        BindingRefusal refusal = Assert.Single(plan.Refusals);
        Assert.Equal((RefusalReason.OtherUser, false), (refusal.Reason, refusal.CanForce));
        Assert.Throws<BindingRefusedException>(plan.Execute);
        Assert.Equal("e1000e", sibling.Driver);
    }

    [Theory]
    [InlineData(RefusalReason.NoIommu, "no-iommu")]
    [InlineData(RefusalReason.ModulesDisabled, "modules-disabled")]
    [InlineData(RefusalReason.NotForUser, "not-for-user")]
    [InlineData(RefusalReason.Mounted, "mounted")]
    public void A_reason_has_one_word(RefusalReason reason, string word) => Assert.Equal(word, reason.ToWord());
}
