namespace Vfio.Emulation;

/// <summary>A clock that stands still until a test advances it: the timers of a model then run in order, on the test's thread.</summary>
/// <remarks>Starts at 2000-01-01 00:00 UTC. Any thread; two that advance it at once run each other's timers.</remarks>
public sealed class ModelClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ClockTimer> _timers = [];
    private TimeSpan _now;
    private long _order;

    /// <summary>How long it has been advanced altogether.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => Elapsed.Ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero) + Elapsed;

    /// <summary>
    /// Lets time pass: timers that are due run one by one, each at its own time, before this returns; also those that a timer starts
    /// on the way. What a timer throws comes out here.
    /// </summary>
    /// <param name="time">How much; 0 runs what is due now.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        TimeSpan end = Elapsed + time;
        while (TakeDue(end) is ClockTimer timer)
        {
            timer.Run();
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ClockTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    // The next timer to run until then, with the time set to its own; or nothing, with the time set to the end.
    private ClockTimer? TakeDue(TimeSpan end)
    {
        lock (_lock)
        {
            ClockTimer? next = null;
            foreach (ClockTimer timer in _timers)
            {
                bool isEarlier = next is null || timer.Due < next.Due || (timer.Due == next.Due && timer.Order < next.Order);
                next = timer.Due <= end && isEarlier ? timer : next;
            }

            TimeSpan now = next?.Due ?? end;
            _now = now > _now ? now : _now;
            if (next is not null)
            {
                Schedule(next, next.Period > TimeSpan.Zero ? next.Period : Timeout.InfiniteTimeSpan);
            }

            return next;
        }
    }

    private void Schedule(ClockTimer timer, TimeSpan dueTime)
    {
        _timers.Remove(timer);
        if (dueTime >= TimeSpan.Zero)
        {
            timer.Due = _now + dueTime;
            timer.Order = _order++;
            _timers.Add(timer);
        }
    }

    private sealed class ClockTimer(ModelClock clock, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; private set; }

        public long Order { get; set; }

        public void Run() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                Period = period;
                clock.Schedule(this, dueTime);
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
