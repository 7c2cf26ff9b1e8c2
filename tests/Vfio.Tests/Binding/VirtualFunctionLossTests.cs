using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// A release that removes virtual functions checks them as <c>vfio sriov</c> does, and the saved number is kept
/// together with a bind.
/// </summary>
public sealed class VirtualFunctionLossTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeDevice _device;

    public VirtualFunctionLossTests() => _device = BindScenario.AddPhysical(_host);

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_open_virtual_function_prevents_the_release_of_its_device(bool isTaken)
    {
        if (isTaken)
        {
            Bind(_device.Address);
        }

        Change(2);
        FakeDevice function = _host[_device.Info.GetVirtualFunctions()[1].Address];
        function.Override = "vfio-pci"; // by another program
        function.SetDriver("vfio-pci");
        _host.AddProcess(77, "qemu", 0, $"/dev/vfio/{function.Group}");
        VfioException error = Assert.Single(Release(_device.Address)).Error!;
        Assert.Contains("in use by pid 77", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, _device.Info.GetVirtualFunctionCount());
        Assert.NotNull(Journal.Find(_device.Address));
    }

    [Fact]
    public void A_virtual_function_whose_interface_has_an_address_prevents_a_change_of_the_number()
    {
        Change(1);
        FakeDevice function = _host[_device.Info.GetVirtualFunctions()[0].Address].WithInterface("eth9", isUp: true);
        _host.Append("proc/net/route", "eth9\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
        ReleaseOutcome refused = Assert.Single(Release(_device.Address));
        Assert.Contains($"but {function.Address} cannot be removed", refused.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(1, _device.Info.GetVirtualFunctionCount());
        Assert.Null(Assert.Single(Release(_device.Address, force: true)).Error);
        Assert.Equal(0, _device.Info.GetVirtualFunctionCount());
    }

    [Fact]
    public void A_failed_bind_leaves_the_virtual_functions_and_the_saved_number()
    {
        Change(3);
        string entry = _host.Read($"run/vfio/{_device.Address}.json");
        for (int call = 1; ; call++)
        {
            FakeKernel kernel = new(_host) { Fault = Fault.Error(call, after: false, Errno.EBUSY) };
            if (Record.Exception(
                () => BindingPlan.Compute([_device.Address], Options(kernel) with { Force = true }).Execute()) is null)
            {
                Assert.True(call > 2, "there was nothing to fail at");
                break;
            }

            Assert.Equal((3, "igb"), (_device.Info.GetVirtualFunctionCount(), _device.Info.Driver));
            Assert.Equal(entry, _host.Read($"run/vfio/{_device.Address}.json"));
        }

        Assert.Equal(0, Journal.Find(_device.Address)!.PreviousFunctionCount);
    }

    [Fact]
    public void The_previous_state_is_that_of_the_bind_not_that_of_the_change_of_virtual_functions()
    {
        _device.WithInterface("eth7", isUp: false);
        Change(1);
        _host.Write("sys/class/net/eth7/flags", "0x1003\n");
        BindingPlan.Compute([_device.Address], Options(new FakeKernel(_host)) with { Force = true }).Execute();
        JournalEntry entry = Journal.Find(_device.Address)!;
        Assert.Equal((true, 0), (entry.IsBound, entry.PreviousFunctionCount));
        Assert.Equal([new InterfaceState { Name = "eth7", IsUp = true }], entry.Interfaces);
    }

    [Fact]
    public void A_killed_change_of_the_number_through_vfio_pci_does_not_leave_sriov_enabled()
    {
        Bind(_device.Address);
        // The parameter is on, and the number is unchanged.
        Assert.Throws<KilledException>(() => VirtualFunctionPlan.Compute(
            _device.Address, 2, Options(new FakeKernel(_host) { Fault = Fault.Kill(1, after: true) })).Execute());
        Change(2);
        Assert.Equal("N\n", _host.Read("sys/module/vfio_pci/parameters/enable_sriov"));
    }

    [Fact]
    public void Modules_are_not_kept_for_a_device_of_which_only_the_virtual_functions_were_changed()
    {
        _host.RemoveModule("vfio-pci");
        _host.LoadableModules["vfio-pci"] = "vfio-pci";
        TreeSnapshot before = new(_host);
        Change(1);
        Bind(_device.Info.GetVirtualFunctions()[0].Address);
        Assert.All(
            ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host) }).Execute(),
            outcome => Assert.Null(outcome.Error));
        before.AssertUnchanged(_host);
    }

    private BindingJournal Journal => new(_host.Root);

    private BindOptions Options(FakeKernel kernel) => new() { Host = _host.Root, Changes = kernel };

    private void Bind(PciAddress address) => BindingPlan.Compute([address], Options(new FakeKernel(_host))).Execute();

    private void Change(int count) =>
        VirtualFunctionPlan.Compute(_device.Address, count, Options(new FakeKernel(_host))).Execute();

    private IReadOnlyList<ReleaseOutcome> Release(PciAddress address, bool force = false) =>
        ReleasePlan.Compute(
            [address], new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host), Force = force })
            .Execute();
}
