using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Several programs that change devices at once.</summary>
public sealed class ChangeLockTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeDevice _first;
    private readonly FakeDevice _second;
    private readonly FakeKernel _kernel;

    public ChangeLockTests()
    {
        _first = BindScenario.AddNic(_host);
        _second = BindScenario.AddSecondNic(_host, group: 13);
        _kernel = new FakeKernel(_host) { PatienceWithOthers = TimeSpan.Zero };
    }

    public void Dispose() => _host.Dispose();

    private BindingJournal Journal => new(_host.Root);

    private BindingPlan Plan(FakeDevice device, CancellationTokenSource? stop = null) =>
        BindingPlan.Compute([device.Address], new BindOptions
        {
            Host = _host.Root,
            Changes = _kernel,
            HolderWait = new HolderWait(TimeSpan.Zero) { CancellationToken = stop?.Token ?? CancellationToken.None },
        });

    private IDisposable Lock(FakeDevice device, params int[] groups) =>
        Journal.LockDevices(_kernel, [device.Address], groups, CancellationToken.None);

    [Fact]
    public void A_device_that_another_program_changes_is_not_changed_but_others_are()
    {
        using (Lock(_first))
        {
            VfioException refusal = Assert.Throws<VfioException>(Plan(_first).Execute);
            Assert.Equal(("lock", $"device {_first.Address}"), (refusal.Operation, refusal.Subject));
            Assert.NotNull(refusal.Hint);
            Assert.Empty(_kernel.Calls);
            Plan(_second).Execute();
        }

        Plan(_first).Execute();
        Assert.Equal(("vfio-pci", "vfio-pci"), (_first.Driver, _second.Driver));
        using (Lock(_first))
        {
            IReadOnlyList<ReleaseOutcome> outcomes =
                ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = _kernel }).Execute();
            Assert.Equal("lock", outcomes[0].Error!.Operation);
            Assert.Null(outcomes[1].Error);
        }

        Assert.Equal(("vfio-pci", "e1000e"), (_first.Driver, _second.Driver));
    }

    [Fact]
    public void A_group_is_changed_by_one_program_at_a_time()
    {
        using IDisposable other = Lock(_second, 12); // of the first's group
        Assert.Equal("IOMMU group 12", Assert.Throws<VfioException>(Plan(_first).Execute).Subject);
        Assert.Empty(_kernel.Calls);
    }

    [Fact]
    public void A_change_that_is_stopped_while_waiting_has_changed_nothing()
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        _kernel.PatienceWithOthers = Eventually.Limit;
        using (Lock(_first))
        {
            VfioException stopped = Assert.Throws<VfioException>(Plan(_first, stop).Execute);
            Assert.Contains("interrupted", stopped.Message, StringComparison.Ordinal);
        }

        Assert.Empty(_kernel.Calls);
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void What_all_share_is_changed_by_one_program_at_a_time()
    {
        using IDisposable host = Journal.LockHost(_kernel);
        Assert.Equal("what all devices share", Assert.Throws<VfioException>(Plan(_first).Execute).Subject);
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void Locks_end_with_their_disposal_and_are_their_files_not_their_processs()
    {
        Lock(_first).Dispose();
        using (Lock(_first))
        {
            Assert.True(Journal.IsChanging(_first.Address));
            Assert.False(Journal.IsChanging(_second.Address));
            Assert.Throws<VfioException>(() => Lock(_first));
        }

        Assert.False(Journal.IsChanging(_first.Address));
    }

    [Fact]
    public void No_two_places_of_the_file_are_the_same()
    {
        PciAddress last = new(uint.MaxValue, byte.MaxValue, 31, 7);
        long[] places =
        [
            LockPlace.Owner(last),
            LockPlace.Change(default),
            LockPlace.Change(last),
            LockPlace.Group(0),
            LockPlace.Group(int.MaxValue),
            LockPlace.Host,
        ];
        Assert.Equal(places.Order().Distinct(), places);
    }
}
