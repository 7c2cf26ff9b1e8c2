using Vfio.Host;

namespace Vfio.Tests;

/// <summary>A change of a device that the kernel has not completed when its command ends.</summary>
public sealed class PendingChangeTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;
    private readonly FakeKernel _kernel;

    public PendingChangeTests()
    {
        _nic = BindScenario.AddNic(_host);
        _kernel = new FakeKernel(_host);
    }

    public void Dispose() => _host.Dispose();

    private BindingJournal Journal => new(_host.Root);

    private BindOptions Options => new() { Host = _host.Root, Changes = _kernel };

    private ReleaseOptions Release => new() { Host = _host.Root, Changes = _kernel };

    // The format of proc_pid_stat(5); the name of a command may look like the rest of the line.
    private void AddChild(long start, char state = 'D') =>
        _host.Write(
            $"proc/{FakeKernel.ChildId}/stat",
            $"{FakeKernel.ChildId} (a) S 1 (b) {state} {string.Join(' ', Enumerable.Range(1, 18))} {start} 20 21\n");

    private void RemoveChild() => Directory.Delete(_host.PathOf($"proc/{FakeKernel.ChildId}"), recursive: true);

    [Fact]
    public void The_writing_process_is_in_the_journal_before_the_first_write()
    {
        _kernel.Fault = Fault.Kill(1, after: false);
        Assert.Throws<KilledException>(BindingPlan.Compute([_nic.Address], Options).Execute);
        Assert.Equal(new ProcessIdentity(FakeKernel.ChildId, 1), Journal.Find(_nic.Address)!.Writer);
    }

    [Theory]
    [InlineData(1, 'D', true)]
    [InlineData(1, 'T', true)]
    [InlineData(1, 'Z', false)] // it has ended; only its exit code is left
    [InlineData(2, 'D', false)] // its number went to another
    public void A_change_is_unfinished_while_its_process_lives(long start, char state, bool isUnfinished)
    {
        BindingPlan.Compute([_nic.Address], Options).Execute();
        AddChild(start, state);
        Assert.Equal(isUnfinished ? FakeKernel.ChildId : null, Journal.FindUnfinishedChange(_nic.Address));
        RemoveChild();
        Assert.Null(Journal.FindUnfinishedChange(_nic.Address));
    }

    [Fact]
    public void While_its_command_runs_a_change_is_not_unfinished()
    {
        BindingPlan.Compute([_nic.Address], Options).Execute();
        AddChild(1);
        using (Journal.LockDevices(_kernel, [_nic.Address], [], CancellationToken.None))
        {
            Assert.Null(Journal.FindUnfinishedChange(_nic.Address));
        }
    }

    [Fact]
    public void Nothing_changes_such_a_device_and_others_are_changed()
    {
        FakeDevice other = BindScenario.AddSecondNic(_host, group: 13);
        BindingPlan.Compute([_nic.Address], Options).Execute();
        _nic.SetDriver(null); // as during an unbind
        AddChild(1);
        int before = _kernel.Calls.Count;
        Assert.Throws<ChangePendingException>(BindingPlan.Compute([_nic.Address], Options).Execute);
        Assert.IsType<ChangePendingException>(
            Assert.Single(ReleasePlan.Compute([_nic.Address], Release).Execute()).Error);
        Assert.IsType<ChangePendingException>(Assert.Single(RebindPlan.Compute(_nic.Address, Options).Execute()).Error);
        Assert.Equal(before, _kernel.Calls.Count);
        Assert.NotNull(Journal.Find(_nic.Address));

        BindingPlan.Compute([other.Address], Options).Execute();
        Assert.Equal("vfio-pci", other.Driver);
        RemoveChild();
        Assert.All(ReleasePlan.ComputeAll(Release).Execute(), outcome => Assert.Null(outcome.Error));
        Assert.Equal(("e1000e", "e1000e"), (_nic.Driver, other.Driver));
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void A_dry_run_reports_it_and_does_not_read_what_would_block()
    {
        BindingPlan.Compute([_nic.Address], Options).Execute();
        AddChild(1);
        string text = string.Join('\n', ReleasePlan.Compute([_nic.Address], Release).Steps);
        Assert.Contains($"end process {FakeKernel.ChildId}", text, StringComparison.Ordinal);
        Assert.Contains("driver_override", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bind_that_the_kernel_does_not_complete_stays_in_the_journal_and_the_others_are_undone()
    {
        FakeDevice other = BindScenario.AddSecondNic(_host, group: 13);
        other.IsHeld = true;
        _kernel.ChildWaits = true;
        List<string> told = [];
        ChangePendingException pending = Assert.Throws<ChangePendingException>(
            BindingPlan.Compute([_nic.Address, other.Address], Options).Execute);
        Assert.Equal(other.Address, pending.Address);
        Assert.Contains(
            $"child process {FakeKernel.ChildId} is blocked in the write", pending.Message, StringComparison.Ordinal);
        Assert.Contains($"vfio release {other.Address}", pending.Hint, StringComparison.Ordinal);
        Assert.Equal("e1000e", _nic.Driver);
        Assert.Equal([other.Address], Journal.GetEntries().Select(entry => entry.Address));

        other.LetGo();
        _kernel.ChildWaits = false;
        Assert.Null(Assert.Single(ReleasePlan.ComputeAll(Release).Execute()).Error);
        Assert.Equal("e1000e", other.Driver);
    }
}
