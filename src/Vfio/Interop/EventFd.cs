using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

/// <summary>eventfd(2): a counter in the kernel, which interrupts add to and a program takes from.</summary>
internal static unsafe class EventFd
{
    /// <summary>A counter at 0; reads and writes of it do not wait.</summary>
    public static SafeFileHandle Create(string subject)
    {
        SafeFileHandle eventFd = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        int errno = Marshal.GetLastPInvokeError();
        if (eventFd.IsInvalid)
        {
            eventFd.Dispose();
            throw new VfioException("eventfd", subject, errno);
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

    /// <summary>Takes what was counted since the last time.</summary>
    /// <returns>0 where there is nothing.</returns>
    public static ulong Take(SafeFileHandle eventFd)
    {
        ulong count;
        nint done = Libc.Read(eventFd, (byte*)&count, sizeof(ulong));
        return done == sizeof(ulong) ? count : 0;
    }

    /// <summary>Adds to the counter. A full counter stays full.</summary>
    public static void Add(SafeFileHandle eventFd, ulong count = 1) => _ = Libc.Write(eventFd, (byte*)&count, sizeof(ulong));
}
