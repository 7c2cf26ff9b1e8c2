using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>A program that wants exclusive use of a device is refused a device that another program holds.</summary>
public sealed class TakenDevicesTests : IDisposable
{
    private const int Taker = 4711;

    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;

    public TakenDevicesTests()
    {
        _nic = BindScenario.AddNic(_host);
    }

    public void Dispose() => _host.Dispose();

    private BindOptions Options(string? user = null) =>
        new() { Host = _host.Root, Changes = new FakeKernel(_host), Exclusive = true, User = user };

    private IReadOnlyList<BindingRefusal> Judge(string? user = null) =>
        BindingPlan.Compute([_nic.Address], Options(user)).Refusals;

    // Binds the device on behalf of another process, which holds it until the test disposes the result.
    private IDisposable TakeWith(int process)
    {
        BindingPlan.Compute([_nic.Address], Options()).Execute();
        BindingJournal journal = new(_host.Root);
        journal.Write(journal.Find(_nic.Address)! with { ProcessId = process, BoundBy = "alice" });
        return journal.TryOwn(_nic.Address)!;
    }

    [Theory]
    [InlineData(true, "through pid 4711 (vfio, user root)")]
    [InlineData(false, "through process 4711")] // of another namespace
    public void A_device_that_a_running_program_has_bound_is_refused_with_its_name(bool isSeen, string with)
    {
        using IDisposable owner = TakeWith(Taker);
        if (isSeen)
        {
            _host.AddProcess(Taker, "vfio", 0, "/dev/null");
        }

        BindingRefusal refusal = Assert.Single(Judge());
        Assert.Equal(("bound-elsewhere", false), (refusal.Reason.ToWord(), refusal.CanForce));
        Assert.Equal($"it is bound by user alice {with}", refusal.Explanation);
        Assert.Throws<BindingRefusedException>(() => DriverBinding.Bind(_nic.Address, Options()));
        Assert.Equal("vfio-pci", _nic.Driver);
        Assert.NotNull(new BindingJournal(_host.Root).Find(_nic.Address));
    }

    [Fact]
    public void A_device_of_a_program_that_has_ended_is_not_refused_whatever_the_clock_says()
    {
        TakeWith(Taker).Dispose();
        BindingJournal journal = new(_host.Root);
        journal.Write(journal.Find(_nic.Address)! with { BoundAt = DateTimeOffset.UtcNow.AddDays(1) });
        _host.AddProcess(Taker, "another", 0, "/dev/null"); // its process ID was reused
        Assert.Empty(Judge());
        using DriverBinding binding = DriverBinding.Bind(_nic.Address, Options());
        Assert.False(binding.IsBound);
    }

    [Fact]
    public void A_binding_owns_its_device_until_it_is_released()
    {
        BindingJournal journal = new(_host.Root);
        using (DriverBinding binding = DriverBinding.Bind(_nic.Address, Options()))
        {
            Assert.True(journal.IsOwned(_nic.Address));
            Assert.Null(journal.TryOwn(_nic.Address));
            Assert.False(journal.IsOwned(PciAddress.Parse("0000:00:15.0")));
        }

        Assert.False(journal.IsOwned(_nic.Address));
        Assert.Throws<VfioException>(() => DriverBinding.Bind(
            _nic.Address,
            Options() with { Changes = new FakeKernel(_host) { Fault = Fault.Error(1, after: false, Errno.EIO) } }));
        Assert.False(journal.IsOwned(_nic.Address));
    }

    [Fact]
    public void A_device_of_root_or_another_user_is_not_granted_to_this_one()
    {
        BindScenario.NeedUsers();
        BindingPlan.Compute([_nic.Address], Options()).Execute();
        BindingRefusal refusal = Assert.Single(Judge(BindScenario.User));
        Assert.Equal(
            ("not-for-user", "it is bound to vfio-pci already, for root only"),
            (refusal.Reason.ToWord(), refusal.Explanation));

        BindingPlan.Compute([_nic.Address], Options() with { Exclusive = false, User = BindScenario.OtherUser })
            .Execute();
        Assert.Equal(
            $"it is bound to vfio-pci already, for user {BindScenario.OtherUser}",
            Assert.Single(Judge(BindScenario.User)).Explanation);
        Assert.Empty(Judge(BindScenario.OtherUser));
        Assert.Empty(Judge());
    }

    [Fact]
    public void Several_are_bound_all_or_none_and_each_knows_whether_it_was_bound()
    {
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13);
        BindingPlan.Compute([second.Address], Options()).Execute();
        IReadOnlyList<DriverBinding> bindings = DriverBinding.Bind([_nic.Address, second.Address], Options());
        Assert.Equal(
            [(_nic.Address, true), (second.Address, false)],
            bindings.Select(binding => (binding.Address, binding.IsBound)));
        foreach (DriverBinding binding in bindings)
        {
            binding.Release();
        }

        Assert.Equal(("e1000e", "vfio-pci"), (_nic.Driver, second.Driver));
        Assert.Throws<VfioException>(
            () => DriverBinding.Bind([_nic.Address, PciAddress.Parse("0000:7f:00.0")], Options()));
        Assert.Equal("e1000e", _nic.Driver);
    }

    [Fact]
    public void A_device_whose_group_has_one_of_root_is_not_granted_to_a_user()
    {
        BindScenario.NeedUsers();
        FakeDevice other = BindScenario.AddSecondNic(_host, group: 12);
        BindingPlan.Compute([other.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
            .Execute();
        BindingRefusal refusal = Assert.Single(Judge(BindScenario.User));
        Assert.Equal("not-for-user", refusal.Reason.ToWord());
        Assert.Contains(
            $"its IOMMU group also contains {other.Address}", refusal.Explanation, StringComparison.Ordinal);
        Assert.Empty(Judge());
    }
}
