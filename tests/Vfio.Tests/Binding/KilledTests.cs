using Vfio.Host;

namespace Vfio.Tests;

/// <summary>
/// Killed anywhere in a bind or a release, for every way in which devices are bound: one release restores the host.
/// </summary>
public sealed class KilledTests
{
    public static TheoryData<string> Scenarios => BindScenario.Names;

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Killed_at_any_change_of_a_bind_one_release_restores_the_host(string scenario)
    {
        int changes = BindRun.CountChanges(scenario).Bind;
        for (int call = 1; call <= changes; call++)
        {
            foreach (bool after in (bool[])[false, true])
            {
                using BindRun run = BindScenario.Start(scenario);
                Assert.Throws<KilledException>(() => run.Bind(Fault.Kill(call, after)));
                run.ReleaseAll();
                run.AssertRestored($"after a kill {(after ? "after" : "before")} change {call} of {changes}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Killed_at_any_change_the_bind_can_be_repeated(string scenario)
    {
        int changes = BindRun.CountChanges(scenario).Bind;
        for (int call = 1; call <= changes; call++)
        {
            foreach (bool after in (bool[])[false, true])
            {
                using BindRun run = BindScenario.Start(scenario);
                Assert.Throws<KilledException>(() => run.Bind(Fault.Kill(call, after)));
                run.Bind();
                Assert.All(run.Devices, device => Assert.Equal(run.Driver, device.Info.Driver));
                run.ReleaseAll();
                run.AssertRestored(
                    $"after a kill {(after ? "after" : "before")} change {call} of {changes}, a bind and a release");
            }
        }
    }

    [Fact]
    public void A_bind_over_a_killed_one_that_fails_is_undone()
    {
        const string Scenario = "a network card whose interface is up";
        int changes = BindRun.CountChanges(Scenario).Bind;
        for (int killed = 1; killed <= changes; killed++)
        {
            for (int failed = 1; ; failed++)
            {
                using BindRun run = BindScenario.Start(Scenario);
                Assert.Throws<KilledException>(() => run.Bind(Fault.Kill(killed, after: false)));
                FakeKernel kernel = new(run.Host) { Fault = Fault.Error(failed, after: true, Errno.EBUSY) };
                BindingPlan plan = run.Plan(kernel);
                if (Record.Exception(plan.Execute) is null)
                {
                    break;
                }

                // The device has its own driver: a half-completed change need not be kept.
                run.Before.AssertUnchanged(
                    run.Host, $"after a kill at change {killed} and a failure at change {failed}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Killed_after_any_step_of_a_bind_one_release_restores_the_host(string scenario)
    {
        // Steps are the changes of the host and the writes of the journal.
        int steps = CountSteps(scenario);
        for (int done = 0; done <= steps; done++)
        {
            using BindRun run = BindScenario.Start(scenario);
            foreach (BindingStep step in run.Plan(new FakeKernel(run.Host)).Steps.Take(done))
            {
                step.Run();
            }

            run.ReleaseAll();
            run.AssertRestored($"after {done} of {steps} steps");
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Killed_at_any_change_of_a_release_one_more_restores_the_host(string scenario)
    {
        int changes = BindRun.CountChanges(scenario).Release;
        for (int call = 1; call <= changes; call++)
        {
            foreach (bool after in (bool[])[false, true])
            {
                using BindRun run = BindScenario.Start(scenario);
                run.Bind();
                Assert.Throws<KilledException>(() => run.ReleaseAll(Fault.Kill(call, after)));
                run.ReleaseAll();
                run.AssertRestored($"after a kill {(after ? "after" : "before")} change {call} of {changes}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Killed_after_any_step_of_a_release_one_more_restores_the_host(string scenario)
    {
        for (int done = 0; ; done++)
        {
            using BindRun run = BindScenario.Start(scenario);
            run.Bind();
            bool isWhole = RunSteps(run, done);
            run.ReleaseAll();
            run.AssertRestored($"after {done} steps");
            if (isWhole)
            {
                return;
            }
        }

        // As in a release: the steps of each device are computed when its turn comes.
        static bool RunSteps(BindRun run, int count)
        {
            ReleaseOptions options = new() { Host = run.Host.Root, Changes = new FakeKernel(run.Host) };
            foreach (JournalEntry entry in run.Journal.GetEntries())
            {
                foreach (BindingStep step in ReleasePlan.Compute([entry.Address], options).Steps)
                {
                    if (count-- == 0)
                    {
                        return false;
                    }

                    step.Run();
                }
            }

            return true;
        }
    }

    private static int CountSteps(string scenario)
    {
        using BindRun run = BindScenario.Start(scenario);
        int steps = run.Plan(new FakeKernel(run.Host)).Steps.Count;
        Assert.NotEqual(0, steps);
        return steps;
    }
}
