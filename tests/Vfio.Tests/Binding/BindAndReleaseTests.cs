using Vfio.Host;

namespace Vfio.Tests;

/// <summary>What must hold for every way in which devices are bound.</summary>
public sealed class BindAndReleaseTests
{
    private static readonly int[] Errnos = [Errno.EBUSY, Errno.EINVAL, Errno.ENODEV];

    public static TheoryData<string> Scenarios => BindScenario.Names;

    [Fact]
    public void Scenarios_that_grant_access_to_nodes_are_among_them()
    {
        BindScenario.NeedUsers();
        Assert.Contains(BindScenario.Names, row => row.Data.Contains("for a user", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Bind_then_release_restores_the_host(string scenario)
    {
        using BindRun run = BindScenario.Start(scenario);
        run.Bind();
        Assert.NotEmpty(run.Before.DifferencesTo(new TreeSnapshot(run.Host)));
        Assert.All(run.Devices, device => Assert.Equal(run.Driver, device.Info.Driver));
        Assert.All(run.Devices, device => Assert.NotNull(run.Journal.Find(device.Address)));
        Assert.All(run.Journal.GetEntries(), entry => Assert.Null(entry.ParseError));
        run.ReleaseAll();
        run.AssertRestored("after the release");
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void It_can_be_done_again_and_again(string scenario)
    {
        using BindRun run = BindScenario.Start(scenario);
        for (int round = 0; round < 3; round++)
        {
            run.Bind();
            run.ReleaseAll();
            run.AssertRestored($"in round {round}");
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_second_bind_changes_nothing_and_a_second_release_neither(string scenario)
    {
        using BindRun run = BindScenario.Start(scenario);
        run.Bind();
        TreeSnapshot bound = new(run.Host);
        Assert.Empty(run.Bind().Calls);
        bound.AssertUnchanged(run.Host, "by a second bind");
        run.ReleaseAll();
        Assert.Empty(run.ReleaseAll().Calls);
        run.AssertRestored("after two releases");
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Planning_changes_nothing_and_names_every_change(string scenario)
    {
        using BindRun run = BindScenario.Start(scenario);
        FakeKernel kernel = new(run.Host);
        BindingPlan plan = run.Plan(kernel);
        string[] promised = [.. plan.Steps.Select(step => step.Description)];
        run.Before.AssertUnchanged(run.Host, "while planning");
        Assert.Empty(kernel.Calls);
        plan.Execute();
        AssertAnnounced(promised, kernel.Calls, run.Host);

        FakeKernel second = new(run.Host);
        TreeSnapshot bound = new(run.Host);
        ReleasePlan release = run.PlanRelease(second);
        promised = [.. release.Steps.Select(step => step.Description)];
        bound.AssertUnchanged(run.Host, "while planning the release");
        Assert.Empty(second.Calls);
        Assert.All(release.Execute(), outcome => Assert.Null(outcome.Error));
        AssertAnnounced(promised, second.Calls, run.Host);
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_failure_at_any_change_of_a_bind_undoes_the_bind(string scenario)
    {
        int changes = BindRun.CountChanges(scenario).Bind;
        for (int call = 1; call <= changes; call++)
        {
            foreach (bool after in (bool[])[false, true])
            {
                int errno = Errnos[call % Errnos.Length];
                using BindRun run = BindScenario.Start(scenario);
                VfioException failure = Assert.Throws<VfioException>(() => run.Bind(Fault.Error(call, after, errno)));
                Assert.Equal(errno, failure.Errno);
                run.AssertRestored($"after a failure {(after ? "after" : "before")} change {call} of {changes}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_failure_at_any_change_of_a_release_is_reported_and_one_more_restores_the_host(string scenario)
    {
        int changes = BindRun.CountChanges(scenario).Release;
        for (int call = 1; call <= changes; call++)
        {
            foreach (bool after in (bool[])[false, true])
            {
                using BindRun run = BindScenario.Start(scenario);
                run.Bind();
                FakeKernel kernel = new(run.Host) { Fault = Fault.Error(call, after, Errno.EBUSY) };
                ReleaseOutcome failed = Assert.Single(
                    run.PlanRelease(kernel).Execute(), outcome => outcome.Error is not null);
                Assert.Equal(Errno.EBUSY, failed.Error!.Errno);
                Assert.Equal(failed.Entry.Address, Assert.Single(run.Journal.GetEntries()).Address);
                run.ReleaseAll();
                run.AssertRestored($"after a failure {(after ? "after" : "before")} change {call} of {changes}");
            }
        }
    }

    // Each change names a file or a thing that an earlier step mentioned.
    private static void AssertAnnounced(string[] promised, IReadOnlyList<string> calls, FakeHost host) =>
        Assert.All(calls, call =>
        {
            string[] words = call.Split(' ');
            string subject = words[0] is "write" or "child" ? host.PathOf(words[1])
                : words[0] == "setfacl"
                    && words[1].StartsWith("dev/vfio/devices", StringComparison.Ordinal) ? "dev/vfio/devices"
                : words[0] == "setfacl" ? host.PathOf(words[1])
                : words[0] == "rename" ? words[2] : words[1];
            Assert.Contains(promised, step => step.Contains(subject, StringComparison.Ordinal));
        });
}
