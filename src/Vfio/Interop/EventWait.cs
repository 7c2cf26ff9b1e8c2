using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Wraps ppoll(2): this thread waits until one of several descriptors is readable.</summary>
internal static unsafe class EventWait
{
    private const int FewFiles = 64;
    private const long NanosecondsPerTick = 100;

    /// <summary>Waits once; a signal to the process may end the wait early.</summary>
    /// <param name="files">The descriptors; each stays open meanwhile.</param>
    /// <param name="timeout">The maximum time; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>The index of the first that is readable; -1 if none is.</returns>
    public static int Any(ReadOnlySpan<SafeFileHandle> files, TimeSpan timeout)
    {
        Span<Libc.pollfd> polls = files.Length <= FewFiles
            ? stackalloc Libc.pollfd[FewFiles]
            : new Libc.pollfd[files.Length];
        polls = polls[..files.Length];
        int held = 0;
        try
        {
            for (; held < files.Length; held++)
            {
                bool isHeld = false;
                files[held].DangerousAddRef(ref isHeld);
                polls[held] = new Libc.pollfd { fd = (int)files[held].DangerousGetHandle(), events = Libc.POLLIN };
            }

            return Poll(polls, timeout) ? polls.IndexOfReady() : -1;
        }
        finally
        {
            foreach (SafeFileHandle file in files[..held])
            {
                file.DangerousRelease();
            }
        }
    }

    private static bool Poll(Span<Libc.pollfd> polls, TimeSpan timeout)
    {
        Libc.timespec time = new()
        {
            tv_sec = (nint)(timeout.Ticks / TimeSpan.TicksPerSecond),
            tv_nsec = (nint)(timeout.Ticks % TimeSpan.TicksPerSecond * NanosecondsPerTick),
        };
        fixed (Libc.pollfd* start = polls)
        {
            return Libc.PPoll(start, (nuint)polls.Length, timeout == Timeout.InfiniteTimeSpan ? null : &time, null) > 0;
        }
    }

    private static int IndexOfReady(this Span<Libc.pollfd> polls)
    {
        for (int i = 0; i < polls.Length; i++)
        {
            if (polls[i].revents != 0)
            {
                return i;
            }
        }

        return -1;
    }
}
