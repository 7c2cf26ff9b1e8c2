using System.Diagnostics;

namespace Vfio;

/// <summary>Lets a thread wait for a short time between two looks at a device.</summary>
internal static class Pause
{
    // A sleep takes at least about 60 us, and more on a busy host.
    private static readonly TimeSpan LeastSleep = TimeSpan.FromMicroseconds(100);

    public static void For(TimeSpan time)
    {
        if (time >= LeastSleep)
        {
            Thread.Sleep(Math.Max(1, (int)time.TotalMilliseconds));
            return;
        }

        long start = Stopwatch.GetTimestamp();
        do
        {
            Thread.SpinWait(8);
        }
        while (Stopwatch.GetElapsedTime(start) < time);
    }
}
