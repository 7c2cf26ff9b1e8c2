using System.Globalization;

namespace Vfio;

/// <summary>
/// Looks at a register again and again until it has a value, by the clock of its device: first without a break, then at
/// intervals that grow to a millisecond.
/// </summary>
internal struct RegisterWait
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMicroseconds(1);
    private static readonly TimeSpan MostPause = TimeSpan.FromMilliseconds(1);

    private readonly Region _region;
    private readonly ulong _offset;
    private readonly TimeSpan _timeout;
    private readonly IDeviceClock? _device;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private TimeSpan _pause;

    private RegisterWait(Region region, ulong offset, TimeSpan timeout)
    {
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        }

        _region = region;
        _offset = offset;
        _timeout = timeout;
        _device = region.DeviceClock;
        _clock = _device?.Clock ?? TimeProvider.System;
        _start = _clock.GetTimestamp();
        _pause = FirstPause;
    }

    private readonly TimeSpan Elapsed => _clock.GetElapsedTime(_start);

    private readonly bool IsOver => _timeout != Timeout.InfiniteTimeSpan && Elapsed >= _timeout;

    /// <summary>Waits on this thread.</summary>
    public static ulong Wait<TCondition>(
        Region region,
        ulong offset,
        TCondition condition,
        TimeSpan timeout,
        CancellationToken cancellationToken)
        where TCondition : struct, IRegisterCondition
    {
        RegisterWait wait = new(region, offset, timeout);
        ulong raw;
        while (!wait.TryEnd(condition, out raw))
        {
            cancellationToken.ThrowIfCancellationRequested();
            wait.Sleep();
        }

        return raw;
    }

    /// <summary>Waits without a thread.</summary>
    public static async ValueTask<ulong> WaitAsync<TCondition>(
        Region region,
        ulong offset,
        TCondition condition,
        TimeSpan timeout,
        CancellationToken cancellationToken)
        where TCondition : struct, IRegisterCondition
    {
        RegisterWait wait = new(region, offset, timeout);
        ulong raw;
        while (!wait.TryEnd(condition, out raw))
        {
            // Timers count in milliseconds.
            await Task.Delay(MostPause, wait._clock, cancellationToken).ConfigureAwait(false);
        }

        return raw;
    }

    // The time is looked at first, so that the last look at the register is not before the end.
    private readonly bool TryEnd<TCondition>(TCondition condition, out ulong raw)
        where TCondition : struct, IRegisterCondition
    {
        bool isOver = IsOver;
        raw = _region.ReadAnswer(_offset, condition.Width);
        if (condition.IsMet(raw))
        {
            return true;
        }

        return isOver
            ? throw new TimeoutException(string.Create(
                CultureInfo.InvariantCulture,
                $"{_region.Describe(_offset)} is 0x{raw.ToString($"x{2 * condition.Width}")} after "
                + $"{_timeout.TotalMilliseconds} ms; {condition.Describe()}"))
            : false;
    }

    private void Sleep()
    {
        TimeSpan left = _timeout == Timeout.InfiniteTimeSpan ? MostPause : _timeout - Elapsed;
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
