using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Virtual functions: created, bound, lost, and with their previous number restored at the end, whatever happens in
/// between.
/// </summary>
public sealed class VirtualFunctionTests
{
    /// <summary>The physical function with its own driver, and bound.</summary>
    public static TheoryData<bool> Ways => [false, true];

    [Theory]
    [MemberData(nameof(Ways))]
    public void They_are_created_and_bound_and_one_release_restores_everything(bool isTaken)
    {
        using FakeHost host = new();
        FakeDevice device = BindScenario.AddPhysical(host);
        TreeSnapshot before = new(host);
        Prepare(host, device, isTaken);
        Change(host, device, 3);
        PciDeviceInfo[] functions = [.. device.Info.GetVirtualFunctions()];
        Assert.Equal(
            ["0000:02:00.0", "0000:02:01.0", "0000:02:02.0"],
            functions.Select(function => function.Address.ToString()));
        Assert.All(functions, function => Assert.Equal(isTaken ? "vfio-pci" : "igbvf", function.Driver));
        BindingPlan.Compute([functions[0].Address, functions[2].Address], Bind(host, new FakeKernel(host))).Execute();
        Assert.Equal("N\n", host.Read("sys/module/vfio_pci/parameters/enable_sriov"));
        ReleaseAll(host);
        before.AssertUnchanged(host);
    }

    [Fact]
    public void With_the_previous_number_there_is_nothing_to_release()
    {
        using FakeHost host = new();
        FakeDevice device = BindScenario.AddPhysical(host, now: 2);
        TreeSnapshot before = new(host);
        Change(host, device, 5);
        Assert.Equal(2, new BindingJournal(host.Root).Find(device.Address)!.PreviousFunctionCount);
        Change(host, device, 1);
        Change(host, device, 2);
        Assert.Empty(new BindingJournal(host.Root).GetEntries());
        before.AssertUnchanged(host);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Killed_at_any_change_one_release_restores_the_host(bool isTaken) => Everywhere(
        isTaken, call => [Fault.Kill(call, after: false), Fault.Kill(call, after: true)], (host, before, _) =>
        {
            ReleaseAll(host);
            before.AssertUnchanged(host, "after a kill");
        });

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_change_that_fails_anywhere_is_undone(bool isTaken) => Everywhere(
        isTaken,
        call => [.. ((int[])[Errno.EBUSY, Errno.EINVAL, Errno.ENODEV, Errno.ENOSPC]).SelectMany(
            errno => (Fault[])[Fault.Error(call, after: false, errno), Fault.Error(call, after: true, errno)])],
        (host, before, prepared) =>
        {
            prepared.AssertUnchanged(host, "after a failure");
            ReleaseAll(host);
            before.AssertUnchanged(host, "after a failure and a release");
        });

    [Fact]
    public void A_release_of_only_the_physical_function_releases_its_virtual_functions_first()
    {
        using FakeHost host = new();
        FakeDevice device = BindScenario.AddPhysical(host);
        TreeSnapshot before = new(host);
        Change(host, device, 2);
        BindingPlan.Compute([device.Info.GetVirtualFunctions()[1].Address], Bind(host, new FakeKernel(host))).Execute();
        ReleasePlan plan = ReleasePlan.Compute(
            [device.Address], new ReleaseOptions { Host = host.Root, Changes = new FakeKernel(host) });
        Assert.Equal(["0000:02:01.0", "0000:01:00.0"], plan.Entries.Select(entry => entry.Address.ToString()));
        Assert.All(plan.Execute(), outcome => Assert.Null(outcome.Error));
        before.AssertUnchanged(host);
    }

    [Fact]
    public void Virtual_functions_that_are_bound_or_open_keep_their_number()
    {
        using FakeHost host = new();
        FakeDevice device = BindScenario.AddPhysical(host);
        Change(host, device, 2);
        PciAddress first = device.Info.GetVirtualFunctions()[0].Address;
        BindingPlan.Compute([first], Bind(host, new FakeKernel(host))).Execute();
        VirtualFunctionPlan plan = VirtualFunctionPlan.Compute(
            device.Address, 0, Bind(host, new FakeKernel(host)) with { Force = true });
        BindingRefusal refusal = Assert.Single(plan.Refusals);
        Assert.Equal(
            (first, RefusalReason.Functions, "it is bound, and would vanish", false),
            (refusal.Device, refusal.Reason, refusal.Explanation, refusal.CanForce));
        Assert.Throws<BindingRefusedException>(plan.Execute);
        Assert.Equal(2, device.Info.GetVirtualFunctionCount());
        ReleasePlan.Compute([first], new ReleaseOptions { Host = host.Root, Changes = new FakeKernel(host) }).Execute();
        host[first].Override = "vfio-pci"; // by another program
        host[first].SetDriver("vfio-pci");
        host.AddProcess(77, "qemu", 0, $"/dev/vfio/{host[first].Group}");
        plan = VirtualFunctionPlan.Compute(device.Address, 0, Bind(host, new FakeKernel(host)));
        Assert.Contains("pid 77 (qemu", Assert.Single(plan.Refusals).Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_requests_are_reported()
    {
        using FakeHost host = new();
        FakeDevice device = BindScenario.AddPhysical(host);
        FakeDevice nic = BindScenario.AddNic(host);
        Assert.Contains(
            "at most 7", Assert.Throws<VfioException>(() => Change(host, device, 8)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "at most 7",
            Assert.Throws<VfioException>(() => Change(host, device, -1)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "SR-IOV", Assert.Throws<VfioException>(() => Change(host, nic, 1)).Message, StringComparison.Ordinal);
        device.SetDriver(null);
        Assert.Contains(
            "no driver", Assert.Throws<VfioException>(() => Change(host, device, 1)).Message, StringComparison.Ordinal);
        Assert.Empty(new BindingJournal(host.Root).GetEntries());
    }

    [Fact]
    public void A_device_that_has_another_driver_meanwhile_keeps_its_virtual_functions_and_that_is_reported()
    {
        using FakeHost host = new();
        FakeDevice device = BindScenario.AddPhysical(host);
        Change(host, device, 2);
        host.AddDriver("uio_pci_generic");
        device.SetDriver("uio_pci_generic");
        ReleaseOutcome outcome = Assert.Single(ReleaseAll(host));
        Assert.Contains(
            "its driver has changed to uio_pci_generic", Assert.Single(outcome.Skipped), StringComparison.Ordinal);
        Assert.Empty(new BindingJournal(host.Root).GetEntries());
    }

    private static void Everywhere(
        bool isTaken, Func<int, Fault[]> faults, Action<FakeHost, TreeSnapshot, TreeSnapshot> check)
    {
        for (int call = 1; ; call++)
        {
            foreach (Fault fault in faults(call))
            {
                using FakeHost host = new();
                FakeDevice device = BindScenario.AddPhysical(host);
                TreeSnapshot before = new(host);
                Prepare(host, device, isTaken);
                TreeSnapshot prepared = new(host);
                FakeKernel kernel = new(host) { Fault = fault };
                Exception? failure = Record.Exception(
                    () => VirtualFunctionPlan.Compute(device.Address, 3, Bind(host, kernel)).Execute());
                if (failure is null)
                {
                    Assert.True(call > (isTaken ? 3 : 1), "there was nothing to fail at");
                    return;
                }

                check(host, before, prepared);
            }
        }
    }

    private static void Prepare(FakeHost host, FakeDevice device, bool isTaken)
    {
        if (isTaken)
        {
            BindingPlan.Compute([device.Address], Bind(host, new FakeKernel(host))).Execute();
        }
    }

    private static void Change(FakeHost host, FakeDevice device, int count) =>
        VirtualFunctionPlan.Compute(device.Address, count, Bind(host, new FakeKernel(host))).Execute();

    private static BindOptions Bind(FakeHost host, FakeKernel kernel) => new() { Host = host.Root, Changes = kernel };

    private static IReadOnlyList<ReleaseOutcome> ReleaseAll(FakeHost host)
    {
        IReadOnlyList<ReleaseOutcome> outcomes =
            ReleasePlan.ComputeAll(new ReleaseOptions { Host = host.Root, Changes = new FakeKernel(host) }).Execute();
        Assert.All(outcomes, outcome => Assert.Null(outcome.Error));
        return outcomes;
    }
}
