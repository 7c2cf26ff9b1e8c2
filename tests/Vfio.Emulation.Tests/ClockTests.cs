using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class ClockTests
{
    [Fact]
    public void Time_stands_still_until_it_is_advanced()
    {
        ModelClock clock = new();
        DateTimeOffset start = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromMilliseconds(1.5));
        Assert.Equal(TimeSpan.FromMilliseconds(1.5), clock.GetUtcNow() - start);
        Assert.Equal(TimeSpan.FromMilliseconds(1.5), clock.GetElapsedTime(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void Timers_run_in_order_each_at_its_own_time()
    {
        ModelClock clock = new();
        List<string> log = [];
        void Note(string name) => log.Add($"{name} {clock.Elapsed.TotalMilliseconds}");
        using ITimer late = clock.CreateTimer(
            _ => Note("late"), null, TimeSpan.FromMilliseconds(30), Timeout.InfiniteTimeSpan);
        using ITimer often = clock.CreateTimer(
            _ => Note("often"), null, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(15));
        using ITimer never = clock.CreateTimer(
            _ => Note("never"), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using ITimer same = clock.CreateTimer(
            _ => Note("same"), null, TimeSpan.FromMilliseconds(30), Timeout.InfiniteTimeSpan);
        clock.Advance(TimeSpan.FromMilliseconds(9.9));
        Assert.Empty(log);
        clock.Advance(TimeSpan.FromMilliseconds(30));
        Assert.Equal(["often 10", "often 25", "late 30", "same 30"], log);
        often.Dispose();
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(4, log.Count);
    }

    [Fact]
    public void A_timer_started_on_the_way_runs_in_the_same_advance()
    {
        ModelClock clock = new();
        List<double> times = [];
        ITimer? timer = null;
        timer = clock.CreateTimer(
            _ =>
            {
                times.Add(clock.Elapsed.TotalSeconds);
                timer!.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            },
            null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        clock.Advance(TimeSpan.FromSeconds(3.5));
        Assert.Equal([1, 2, 3], times);
        timer.Dispose();
    }

    [Fact]
    public void A_models_timer_runs_once_and_can_be_stopped()
    {
        ModelClock clock = new();
        using TestModel model = new(clock);
        model.Timer.Start(TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal((true, 0), (model.Timer.IsRunning, model.Ticks));
        model.Timer.Start(TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal(0, model.Ticks);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((false, 1), (model.Timer.IsRunning, model.Ticks));
        model.Timer.Start(TimeSpan.Zero);
        model.Timer.Stop();
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, model.Ticks);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Timer.Start(TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public void A_removed_devices_timers_are_stopped()
    {
        ModelClock clock = new();
        using TestModel model = new(clock);
        model.Timer.Start(TimeSpan.FromSeconds(1));
        model.Faults.Remove();
        model.Timer.Start(TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(0, model.Ticks);
    }

    [Fact]
    public void A_timer_of_the_systems_clock_expires_after_its_time()
    {
        using TestModel model = new();
        long start = TimeProvider.System.GetTimestamp();
        model.Timer.Start(TimeSpan.FromMilliseconds(20));
        Assert.True(SpinWait.SpinUntil(() => model.Ticks == 1, Vfio.Tests.Eventually.Limit));
        Assert.True(TimeProvider.System.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void The_exception_of_a_timer_is_thrown_to_the_test()
    {
        ModelClock clock = new();
        using Failing model = new(clock);
        model.Timer.Start(TimeSpan.FromSeconds(1));
        Assert.Throws<InvalidTimeZoneException>(() => clock.Advance(TimeSpan.FromSeconds(1)));

        using Failing background = new(TimeProvider.System);
        using VfioDevice device = background.Open();
        using Region config = device.OpenRegion(RegionIndex.Config);
        background.Timer.Start(TimeSpan.Zero);
        Exception? failure = null;
        Assert.True(SpinWait.SpinUntil(
            () => (failure = Record.Exception(() => config.ReadByte(0))) is not null, Vfio.Tests.Eventually.Limit));
        Assert.IsType<InvalidTimeZoneException>(Assert.IsType<InvalidOperationException>(failure).InnerException);
        Assert.Equal(1, config.ReadByte(0));
    }

    private sealed class Failing : DeviceModel
    {
        public Failing(TimeProvider clock)
            : base("failing", new PciIdentity(1, 2), clock) =>
            Timer = CreateTimer(() => throw new InvalidTimeZoneException());

        public ModelTimer Timer { get; }
    }
}
