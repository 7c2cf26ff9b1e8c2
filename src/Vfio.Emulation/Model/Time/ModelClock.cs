namespace Vfio.Emulation;

/// <summary>
/// Represents a clock that stands still until a test advances it. The timers of a device model then run in order, on
/// the test's thread.
/// </summary>
/// <remarks>
/// The clock starts at 2000-01-01 00:00 UTC. Any thread may use it; two threads that advance it at the same time run
/// each other's timers.
/// </remarks>
public sealed class ModelClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ClockTimer> _timers = [];
    private TimeSpan _now;
    private long _order;

    /// <summary>Gets by how much the clock was advanced in total.</summary>
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
    /// Advances the clock. Timers that are due run one by one, each at its own time, before this method returns,
    /// including timers that another timer starts meanwhile. An exception that a timer throws is thrown to the caller.
    /// </summary>
    /// <param name="time">The time; 0 runs the timers that are due now.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
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

    // Returns the next timer that is due until the end, after advancing the time to it; or null, after advancing the
    // time to the end.
    private ClockTimer? TakeDue(TimeSpan end)
    {
        lock (_lock)
        {
            ClockTimer? next = null;
            foreach (ClockTimer timer in _timers)
            {
                bool isEarlier = next is null
                    || timer.Due < next.Due
                    || (timer.Due == next.Due && timer.Order < next.Order);
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
