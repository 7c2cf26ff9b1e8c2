using System.Globalization;

namespace Vfio.Tests;

/// <summary>Who wants to be the only one to have a device is refused what somebody has.</summary>
public sealed class TakenDevicesTests : IDisposable
{
    private const int Taker = 4711;

    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;

    public TakenDevicesTests()
    {
        _nic = BindScenario.AddNic(_host);
        // The host has been up for 1,000 s.
        _host.Write("proc/uptime", "1000.00 900.00\n");
    }

    public void Dispose() => _host.Dispose();

    private BindOptions Options(string? user = null) => new() { Host = _host.Root, Changes = new FakeKernel(_host), Exclusive = true, User = user };

    private IReadOnlyList<BindingRefusal> Judge(string? user = null) => BindingPlan.Compute([_nic.Address], Options(user)).Refusals;

    // Takes the device, and says that another process did, which started so many seconds after the host.
    private void TakeWith(double startedAfter, string state = "S")
    {
        BindingPlan.Compute([_nic.Address], Options()).Execute();
        BindingJournal journal = new(_host.Root);
        journal.Write(journal.Find(_nic.Address)! with { ProcessId = Taker, TakenBy = "alice" });
        _host.AddProcess(Taker, "vfio", 0, "/dev/null");
        string ticks = (startedAfter * 100).ToString("0", CultureInfo.InvariantCulture);
        _host.Write($"proc/{Taker}/stat", $"{Taker} (vf) io) {state} 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 {ticks} 1 1 1\n");
    }

    [Fact]
    public void What_a_running_program_has_taken_is_refused_with_its_name()
    {
        TakeWith(startedAfter: 990);
        BindingRefusal refusal = Assert.Single(Judge());
        Assert.Equal(("taken", false), (refusal.Reason, refusal.CanForce));
        Assert.Equal($"alice has taken it, with pid {Taker} (vfio, user root)", refusal.Explanation);
        Assert.Throws<BindingRefusedException>(() => DriverBinding.Bind(_nic.Address, Options()));
        Assert.Equal("vfio-pci", _nic.Driver);
        Assert.NotNull(new BindingJournal(_host.Root).Find(_nic.Address));
    }

    [Theory]
    [InlineData(1005, "S")] // its number went to another
    [InlineData(990, "Z")]
    public void What_a_program_took_that_has_ended_is_not(double startedAfter, string state)
    {
        TakeWith(startedAfter, state);
        Assert.Empty(Judge());
        using DriverBinding binding = DriverBinding.Bind(_nic.Address, Options());
        Assert.False(binding.IsTaken);
    }

    [Theory]
    [InlineData("")]
    [InlineData("4711 (vfio")]
    [InlineData("4711 (vfio) S 1 1 1 0 -1 1 1 0 0 0 0 0 0 0 20 0 1 0 99999999999999999999999 1")]
    [InlineData("4711 (vfio) S 1 1 1 0 -1 1 1 0 0 0 0 0 0 0 20 0 1 0 18446744073709551615 1")]
    public void A_strange_table_of_processes_refuses_nothing(string stat)
    {
        TakeWith(startedAfter: 990);
        _host.Write($"proc/{Taker}/stat", stat);
        Assert.Empty(Judge());
        _host.Write("proc/uptime", "soup");
        Assert.Empty(Judge());
    }

    [Fact]
    public void What_is_roots_alone_or_another_users_is_not_given_to_this_one()
    {
        BindScenario.NeedUsers();
        BindingPlan.Compute([_nic.Address], Options()).Execute();
        BindingRefusal refusal = Assert.Single(Judge(BindScenario.User));
        Assert.Equal(("not-yours", "it is with vfio-pci already, for root alone"), (refusal.Reason, refusal.Explanation));

        BindingPlan.Compute([_nic.Address], Options() with { Exclusive = false, User = BindScenario.OtherUser }).Execute();
        Assert.Equal($"it is with vfio-pci already, for user {BindScenario.OtherUser}", Assert.Single(Judge(BindScenario.User)).Explanation);
        Assert.Empty(Judge(BindScenario.OtherUser));
        Assert.Empty(Judge());
    }

    [Fact]
    public void Several_are_taken_all_or_none_and_each_knows_whether_it_was_taken()
    {
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13);
        BindingPlan.Compute([second.Address], Options()).Execute();
        IReadOnlyList<DriverBinding> bindings = DriverBinding.Bind([_nic.Address, second.Address], Options());
        Assert.Equal([(_nic.Address, true), (second.Address, false)], bindings.Select(binding => (binding.Address, binding.IsTaken)));
        foreach (DriverBinding binding in bindings)
        {
            binding.Release();
        }

        Assert.Equal(("e1000e", "vfio-pci"), (_nic.Driver, second.Driver));
        Assert.Throws<VfioException>(() => DriverBinding.Bind([_nic.Address, PciAddress.Parse("0000:7f:00.0")], Options()));
        Assert.Equal("e1000e", _nic.Driver);
    }

    [Fact]
    public void A_device_whose_group_has_one_that_is_roots_is_no_users()
    {
        BindScenario.NeedUsers();
        FakeDevice other = BindScenario.AddSecondNic(_host, group: 12);
        BindingPlan.Compute([other.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) }).Execute();
        BindingRefusal refusal = Assert.Single(Judge(BindScenario.User));
        Assert.Equal("not-yours", refusal.Reason);
        Assert.Contains($"its IOMMU group has {other.Address} too", refusal.Explanation, StringComparison.Ordinal);
        Assert.Empty(Judge());
    }
}
