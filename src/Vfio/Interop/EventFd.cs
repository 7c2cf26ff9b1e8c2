using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>eventfd(2): a counter in the kernel, which interrupts add to and a program takes from. A plain read of it waits until there is something: the shortest way from an interrupt.</summary>
internal static unsafe class EventFd
{
    private const long NoOffset = -1;

    /// <summary>A counter at 0.</summary>
    /// <param name="subject">What messages call it.</param>
    /// <param name="blocks">Whether <see cref="WaitAndTake"/> waits, and adding to a full counter.</param>
    public static SafeFileHandle Create(string subject, bool blocks = true)
    {
        SafeFileHandle eventFd = Libc.EventFd(0, Libc.EFD_CLOEXEC | (blocks ? 0 : Libc.EFD_NONBLOCK));
        int errno = Marshal.GetLastPInvokeError();
        if (eventFd.IsInvalid)
        {
            eventFd.Dispose();
            throw new VfioException("eventfd", subject, errno);
        }

        // A look without waiting is how all signals are taken: where it is refused, none would ever be seen.
        errno = Probe((int)eventFd.DangerousGetHandle());
        if (errno != Errno.EAGAIN)
        {
            eventFd.Dispose();
            throw new VfioException("preadv2", $"the eventfd of {subject}", errno, "Linux looks at an eventfd without waiting (RWF_NOWAIT) from 5.8 on; a filter of system calls may forbid it");
        }

        return eventFd;
    }

    /// <summary>Another descriptor of the same counter.</summary>
    public static SafeFileHandle Duplicate(SafeFileHandle eventFd, string subject)
    {
        int number = Libc.FCntl(eventFd, Libc.F_DUPFD_CLOEXEC, 0);
        int errno = Marshal.GetLastPInvokeError();
        return number >= 0 ? new SafeFileHandle(number, ownsHandle: true) : throw new VfioException("F_DUPFD_CLOEXEC", subject, errno);
    }

    /// <summary>Takes what was counted since the last time, without waiting.</summary>
    /// <returns>0 where there is nothing.</returns>
    public static ulong Take(SafeFileHandle eventFd)
    {
        using HandleUse use = new(eventFd);
        return Take(use.Number);
    }

    /// <summary>Likewise, of a descriptor that the caller holds.</summary>
    public static ulong Take(int eventFd)
    {
        ulong count;
        Libc.iovec vector = new() { iov_base = &count, iov_len = sizeof(ulong) };
        return Libc.PReadV2(eventFd, &vector, 1, NoOffset, Libc.RWF_NOWAIT) == sizeof(ulong) ? count : 0;
    }

    private static int Probe(int eventFd)
    {
        ulong count;
        Libc.iovec vector = new() { iov_base = &count, iov_len = sizeof(ulong) };
        return Libc.PReadV2WithErrno(eventFd, &vector, 1, NoOffset, Libc.RWF_NOWAIT) < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Takes what was counted since the last time, and waits until there is something.</summary>
    /// <returns>0 where a signal to the process ended the wait.</returns>
    public static ulong WaitAndTake(SafeFileHandle eventFd)
    {
        using HandleUse use = new(eventFd);
        ulong count;
        return Libc.Read(use.Number, &count, sizeof(ulong)) == sizeof(ulong) ? count : 0;
    }

    /// <summary>Adds to the counter. Less than 2^63 in all: a full counter would wait.</summary>
    public static void Add(SafeFileHandle eventFd, ulong count = 1) => _ = Libc.Write(eventFd, (byte*)&count, sizeof(ulong));
}
