namespace Vfio.Emulation;

/// <summary>A timer of a model: runs once per <see cref="Start"/>, by the model's clock, under the model's lock.</summary>
/// <remarks>Made by <see cref="DeviceModel.CreateTimer"/>, which owns it. Any thread.</remarks>
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

    /// <summary>Whether it was started and is not up yet.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Starts it, anew where it is running.</summary>
    /// <param name="dueTime">When it is up, from now; 0 is as soon as possible, but not before this call returns.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or above 24 days.</exception>
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

    /// <summary>Stops it: it is not up any more.</summary>
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

            // A callback that waited for the lock may belong to an earlier start; and system timers are a little early at times.
            TimeSpan left = TimeSpan.FromSeconds((double)(_due - _model.Clock.GetTimestamp()) / _model.Clock.TimestampFrequency);
            if (left > TimeSpan.Zero)
            {
                _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
                return;
            }

            IsRunning = false;
            try
            {
                _callback();
            }
            catch (Exception failure) when (_model.Clock is not ModelClock)
            {
                // It would end the process from the thread pool. A test's clock hands it to the test itself.
                _model.Report(failure);
            }
        }
    }
}
