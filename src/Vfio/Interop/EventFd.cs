using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents an eventfd(2): a counter in the kernel that the kernel, devices and programs add to and that a program
/// reads and clears. A device's wake-up is told by one (<see cref="VfioDevice.EnterLowPower(EventFd?)"/>), and one
/// makes the kernel write a register (<see cref="Region.WriteOnEvent{T}"/>).
/// </summary>
/// <remarks>Whoever makes it disposes it. Any thread may use it. Other processes may have its descriptor too.</remarks>
public sealed unsafe class EventFd : IDisposable
{
    private const long NoOffset = -1;

    /// <summary>Makes a counter at 0.</summary>
    /// <exception cref="VfioException">The process has no descriptors left.</exception>
    public EventFd() => Handle = Create("an eventfd", blocks: false);

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
        Add(Handle, count);
    }

    /// <summary>Takes what was counted since the last time.</summary>
    /// <returns>How much; 0 for nothing.</returns>
    /// <exception cref="ObjectDisposedException">The counter was disposed.</exception>
    public ulong ReadAndClear() => Take(Handle);

    /// <summary>Waits until something was counted, and takes it.</summary>
    /// <param name="timeout">For how long at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>How much was counted; 0 if the time was up.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative time that is not infinite.</exception>
    /// <exception cref="ObjectDisposedException">The counter was disposed before the call; disposal during the wait
    /// does not end it.</exception>
    public ulong Wait(TimeSpan timeout)
    {
        Deadline deadline = Deadline.In(timeout);
        while (true)
        {
            if (Take(Handle) is ulong count and not 0)
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

    /// <summary>Closes the counter. The kernel keeps its own reference, which then has no reader.</summary>
    public void Dispose() => Handle.Dispose();

    /// <summary>A counter at 0.</summary>
    /// <param name="subject">What messages call it.</param>
    /// <param name="blocks">Whether <see cref="WaitAndTake"/> waits, and adding to a full counter.</param>
    internal static SafeFileHandle Create(string subject, bool blocks = true)
    {
        SafeFileHandle eventFd = Libc.EventFd(0, Libc.EFD_CLOEXEC | (blocks ? 0 : Libc.EFD_NONBLOCK));
        int errno = Marshal.GetLastPInvokeError();
        if (eventFd.IsInvalid)
        {
            eventFd.Dispose();
            throw new VfioException("eventfd", subject, errno);
        }

        // All signals are received by a read that does not wait: if the kernel refuses it, no signal would ever be
        // seen.
        errno = Probe((int)eventFd.DangerousGetHandle());
        if (errno != Errno.EAGAIN)
        {
            eventFd.Dispose();
            throw new VfioException(
                "preadv2",
                $"the eventfd of {subject}",
                errno,
                "reading an eventfd without waiting (RWF_NOWAIT) needs Linux 5.8; a system call filter may forbid it");
        }

        return eventFd;
    }

    /// <summary>Another descriptor of the same counter.</summary>
    internal static SafeFileHandle Duplicate(SafeFileHandle eventFd, string subject)
    {
        int number = Libc.FCntl(eventFd, Libc.F_DUPFD_CLOEXEC, 0);
        int errno = Marshal.GetLastPInvokeError();
        return number >= 0
            ? new SafeFileHandle(number, ownsHandle: true)
            : throw new VfioException("F_DUPFD_CLOEXEC", subject, errno);
    }

    /// <summary>Takes what was counted since the last time, without waiting.</summary>
    /// <returns>The count; 0 if there is no signal.</returns>
    internal static ulong Take(SafeFileHandle eventFd)
    {
        using HandleUse use = new(eventFd);
        return Take(use.Number);
    }

    /// <summary>Likewise, of a descriptor that the caller holds.</summary>
    internal static ulong Take(int eventFd)
    {
        ulong count;
        Libc.iovec vector = new() { iov_base = &count, iov_len = sizeof(ulong) };
        return Libc.PReadV2(eventFd, &vector, 1, NoOffset, Libc.RWF_NOWAIT) == sizeof(ulong) ? count : 0;
    }

    private static int Probe(int eventFd)
    {
        ulong count;
        Libc.iovec vector = new() { iov_base = &count, iov_len = sizeof(ulong) };
        return Libc.PReadV2WithErrno(eventFd, &vector, 1, NoOffset, Libc.RWF_NOWAIT) < 0
            ? Marshal.GetLastPInvokeError()
            : 0;
    }

    /// <summary>Takes what was counted since the last time, and waits until there is something.</summary>
    /// <returns>0 where a signal to the process ended the wait.</returns>
    internal static ulong WaitAndTake(SafeFileHandle eventFd)
    {
        using HandleUse use = new(eventFd);
        ulong count;
        return Libc.Read(use.Number, &count, sizeof(ulong)) == sizeof(ulong) ? count : 0;
    }

    /// <summary>Adds to the counter. Less than 2^63 in all: a full counter would wait.</summary>
    internal static void Add(SafeFileHandle eventFd, ulong count = 1) =>
        _ = Libc.Write(eventFd, (byte*)&count, sizeof(ulong));
}
