namespace Vfio;

/// <summary>
/// The time of a wait for a device, by the device's own clock if it has one: the looks at it are without a break first,
/// and then at intervals that grow to a millisecond.
/// </summary>
internal struct DeviceWait
{
    /// <summary>The longest interval; also that of waits without a thread, whose timers count in
    /// milliseconds.</summary>
    public static readonly TimeSpan MostPause = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMicroseconds(1);

    private readonly TimeSpan _timeout;
    private readonly IDeviceClock? _device;
    private readonly long _start;
    private TimeSpan _pause;

    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative.</exception>
    public DeviceWait(IDeviceClock? device, TimeSpan timeout)
    {
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        }

        _timeout = timeout;
        _device = device;
        Clock = device?.Clock ?? TimeProvider.System;
        _start = Clock.GetTimestamp();
        _pause = FirstPause;
    }

    public TimeProvider Clock { get; }

    /// <summary>Gets whether the time is over. Look at this first, and then once more at the device.</summary>
    public readonly bool IsOver => _timeout != Timeout.InfiniteTimeSpan && Clock.GetElapsedTime(_start) >= _timeout;

    /// <summary>Gets whether the intervals have become long, so that more than a look is affordable.</summary>
    public readonly bool IsSlow => _pause >= MostPause;

    /// <summary>Lets this thread wait until the next look.</summary>
    public void Sleep()
    {
        TimeSpan left = _timeout == Timeout.InfiniteTimeSpan ? MostPause : _timeout - Clock.GetElapsedTime(_start);
        TimeSpan pause = left < _pause ? left : _pause;
        if (pause > TimeSpan.Zero)
        {
            if (_device is null)
            {
                Pause.For(pause);
            }
            else
            {
                _device.Pass(pause);
            }
        }

        _pause = 2 * _pause < MostPause ? 2 * _pause : MostPause;
    }
}
