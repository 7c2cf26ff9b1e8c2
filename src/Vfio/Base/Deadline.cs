using System.Diagnostics;

namespace Vfio;

/// <summary>Represents the end of a wait.</summary>
internal readonly struct Deadline
{
    private readonly long _end; // a time stamp; long.MaxValue means never

    private Deadline(long end) => _end = end;

    public bool IsOver => _end != long.MaxValue && Stopwatch.GetTimestamp() >= _end;

    /// <summary>Gets the time remaining: infinite without a deadline, otherwise never negative.</summary>
    public TimeSpan Left => _end == long.MaxValue ? Timeout.InfiniteTimeSpan
        : Stopwatch.GetTimestamp() is long now && now < _end ? Stopwatch.GetElapsedTime(now, _end)
        : TimeSpan.Zero;

    public static Deadline In(TimeSpan time)
    {
        if (time == Timeout.InfiniteTimeSpan)
        {
            return new Deadline(long.MaxValue);
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, "timeout");
        double end = Stopwatch.GetTimestamp() + (time.TotalSeconds * Stopwatch.Frequency);
        return new Deadline(end < long.MaxValue ? (long)end : long.MaxValue);
    }
}
