namespace Vfio.Emulation;

/// <summary>
/// Represents a timer of a device model. It runs once per <see cref="Start"/>, by the model's clock and under the
/// model's lock.
/// </summary>
/// <remarks>
/// <see cref="DeviceModel.CreateTimer"/> creates it; the device model owns it. Any thread may use it.
/// </remarks>
public sealed class ModelTimer
{
    private readonly DeviceModel _model;
    private readonly Action _callback;
    private readonly ITimer _timer;
    private long _due;

    internal ModelTimer(DeviceModel model, Action callback)
    {
        _model = model;
        _callback = callback;
        _timer = model.Clock.CreateTimer(
            static state => ((ModelTimer)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Gets whether the timer was started and has not expired yet.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Starts the timer, or restarts it if it is running.</summary>
    /// <param name="dueTime">The time until it expires; 0 is as soon as possible, but not before this call
    /// returns.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dueTime"/> is negative, or greater than 24
    /// days.</exception>
    public void Start(TimeSpan dueTime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dueTime, TimeSpan.FromMilliseconds(int.MaxValue));
        lock (_model.Sync)
        {
            if (!_model.IsRemoved)
            {
                _due = _model.Clock.GetTimestamp() + (long)(dueTime.TotalSeconds * _model.Clock.TimestampFrequency);
                IsRunning = true;
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Stops the timer; it does not expire any more.</summary>
    public void Stop()
    {
        lock (_model.Sync)
        {
            IsRunning = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    internal void Dispose()
    {
        Stop();
        _timer.Dispose();
    }

    private void Fire()
    {
        lock (_model.Sync)
        {
            if (!IsRunning)
            {
                return;
            }

            // A callback that waited for the lock may belong to an earlier start, and system timers sometimes expire
            // slightly early.
            TimeSpan left = TimeSpan.FromSeconds(
                (double)(_due - _model.Clock.GetTimestamp()) / _model.Clock.TimestampFrequency);
            if (left > TimeSpan.Zero)
            {
                _timer.Change(
                    TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
                return;
            }

            IsRunning = false;
            try
            {
                _callback();
            }
            catch (Exception failure) when (_model.Clock is not ModelClock)
            {
                // The exception would end the process, because this is a thread pool thread. With a ModelClock, it is
                // thrown to the test instead.
                _model.Report(failure);
            }
        }
    }
}
