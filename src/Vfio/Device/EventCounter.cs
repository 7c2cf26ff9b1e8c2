using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// A counter in the kernel, <c>eventfd(2)</c>: what the kernel and programs signal each other with. A device's wake-up is told by one
/// (<see cref="VfioDevice.EnterLowPower(EventCounter?)"/>), and one makes the kernel write a register (<see cref="Region.WriteUInt32OnEvent"/>).
/// </summary>
/// <remarks>Whoever makes it disposes it. Any thread may use it. Other processes may have its descriptor too.</remarks>
public sealed class EventCounter : IDisposable
{
    /// <summary>Makes a counter at 0.</summary>
    /// <exception cref="VfioException">The process has no descriptors left.</exception>
    public EventCounter() => Handle = EventFd.Create("an event counter", blocks: false);

    /// <summary>The descriptor; the counter's, closed with it. Reads of it do not wait.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Adds to the counter.</summary>
    /// <param name="count">How much, 1 or more. A counter at its most (2^64-2) stays there.</param>
    /// <exception cref="ArgumentOutOfRangeException">0, or 2^64-1.</exception>
    /// <exception cref="ObjectDisposedException">The counter was disposed.</exception>
    public void Signal(ulong count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(count);
        ArgumentOutOfRangeException.ThrowIfEqual(count, ulong.MaxValue);
        EventFd.Add(Handle, count);
    }

    /// <summary>Takes what was counted since the last time.</summary>
    /// <returns>How much; 0 for nothing.</returns>
    /// <exception cref="ObjectDisposedException">The counter was disposed.</exception>
    public ulong ReadAndClear() => EventFd.Take(Handle);

    /// <summary>Waits until something was counted, and takes it.</summary>
    /// <param name="timeout">For how long at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>How much was counted; 0 where the time was up.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative time that is not infinite.</exception>
    /// <exception cref="ObjectDisposedException">The counter was disposed before the call; disposal during the wait does not end it.</exception>
    public ulong Wait(TimeSpan timeout)
    {
        Deadline deadline = Deadline.In(timeout);
        while (true)
        {
            if (EventFd.Take(Handle) is ulong count and not 0)
            {
                return count;
            }

            // Signals to the process end a wait early, and another thread may have taken what was there.
            if (deadline.IsOver)
            {
                return 0;
            }

            _ = EventWait.Any([Handle], deadline.Left);
        }
    }

    /// <summary>Closes the counter. What the kernel was given of it goes on by itself, without anybody to signal it.</summary>
    public void Dispose() => Handle.Dispose();
}
